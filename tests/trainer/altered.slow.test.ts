/** Files that a user or a bad disk changed while a run was paused or running: its own files, and those that it reads. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProof } from '#runFolder/proof';
import { endOf, entriesOf, finishRun, isKind, type Lab, openLab, outcomeOf, type Run, startTrainer } from './lab.ts';

const settings = { num_iters: 6, steps_per_iter: 20 };
let lab: Lab;
let whole: Run;
beforeAll(async () => {
  lab = openLab();
  whole = lab.addRun('whole', settings);
  await finishRun(whole);
});
afterAll(() => lab.remove());

const logs = (run: Run, level: string): string[] =>
  entriesOf(run).flatMap(({ body }) => (body.kind === 'log' && body.level === level ? [body.text] : []));

/** A run that pauses at its first checkpoint. */
async function pausedRun(id: string, more: object = {}): Promise<Run> {
  const run = lab.addRun(id, { ...settings, ...more });
  const trainer = startTrainer(run);
  await trainer.entry(isKind('checkpoint'));
  trainer.child.send({ kind: 'pause' });
  expect(await trainer.exit).toMatchObject({ code: 0 });
  expect(endOf(run)).toMatchObject({ state: 'paused' });
  return run;
}

const flipBit = (path: string, at: number): void => {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
};

describe('a paused run', () => {
  it('with a flipped bit in its checkpoint starts over with the same result, and reports and keeps the damaged file', async () => {
    const run = await pausedRun('flipped');
    const damaged = readFileSync(run.files.checkpoint).length - 9;
    flipBit(run.files.checkpoint, damaged);
    expect(await finishRun(run)).toMatchObject({ code: 0 });
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
    expect(existsSync(`${run.files.checkpoint}.damaged`)).toBe(true);
    expect(logs(run, 'warn')).toEqual([expect.stringMatching(/checkpoint is damaged.*kept as .*The run starts over/)]);
  });

  it('does not continue from the checkpoint of another run', async () => {
    const run = await pausedRun('foreign');
    const other = await pausedRun('other', { learning_rate: 0.002 });
    cpSync(other.files.checkpoint, run.files.checkpoint);
    expect(await finishRun(run)).toMatchObject({ code: 1 });
    expect(endOf(run)).toMatchObject({
      state: 'failed',
      reason: { code: 'weights', message: expect.stringContaining('is the checkpoint of another run') },
    });
  });

  it.each([
    ['a flipped bit', (path: string) => flipBit(path, 4000)],
    ['half of its bytes', (path: string) => truncateSync(path, 2000)],
  ])('computes with a cached body made anew where that has %s', async (what, damage) => {
    const run = await pausedRun(`body with ${what}`);
    const bodies = join(lab.home, 'cache/bodies');
    const [body] = readdirSync(bodies);
    const before = readFileSync(join(bodies, body));
    damage(join(bodies, body));
    expect(await finishRun(run)).toMatchObject({ code: 0 });
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
    expect(readFileSync(join(bodies, body))).toEqual(before);
  });

  it('with a damaged proof of its frozen weights continues with a warning that names the proof', async () => {
    const run = await pausedRun('proof');
    truncateSync(run.files.frozen, 20);
    expect(() => readProof(run.files.frozen)).toThrow(
      expect.objectContaining({
        code: 'data',
        message: expect.stringMatching(/should contain the hashes .*damaged.*delete it/),
      }),
    );
    expect(await finishRun(run)).toMatchObject({ code: 0 });
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
    expect(logs(run, 'warn')).toEqual([
      expect.stringContaining('From now on the proof holds the hashes of this session.'),
    ]);
  });
});

it('a run whose weight file is removed during training keeps its result, with a warning', async () => {
  const run = lab.addRun('removed', settings);
  const trainer = startTrainer(run);
  await trainer.entry(isKind('started'));
  rmSync(join(lab.home, 'cache/bodies'), { recursive: true });
  expect(await trainer.exit).toMatchObject({ code: 0 });
  expect(outcomeOf(run)).toEqual(outcomeOf(whole));
  expect(logs(run, 'warn')).toEqual([
    expect.stringMatching(/^The frozen weights could not be hashed again at the end: /),
  ]);
});
