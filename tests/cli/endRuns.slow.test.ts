/** Ending and deleting runs from a command line, also runs that another process trains. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import type { Run } from '#contract/run';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
let folder: string;
let home: string;
let sweep: ChildProcess | null = null;
let sweeps = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-end-'));
  home = join(folder, 'home');
});
afterEach(async () => {
  if (sweep && sweep.exitCode === null && sweep.signalCode === null) {
    sweep.kill('SIGKILL');
    await once(sweep, 'exit');
  }
  sweep = null;
});
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

const env = () => ({ ...process.env, PERMAFROST_HOME: home });
function permafrost(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8', env: env() });
  return { status, stdout, stderr };
}
const runs = (): Run[] => JSON.parse(permafrost('list', '--json').stdout).runs;
const statesOf = (ids: string[]) => ids.map((id) => runs().find((run) => run.id === id)?.state);

/** Starts another process that trains `count` long runs, one at a time; resolves when the first one trains. */
async function startSweep(count: number): Promise<{ training: string; waiting: string[] }> {
  const path = join(folder, 'long.json');
  const params = { task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2 };
  const args = { num_iters: 10_000, steps_per_iter: 100, device: 'cpu', early_stop: null };
  writeFileSync(path, JSON.stringify({ name: 'long', params: { ...params, n_positions: 4, batch_size: 8 }, args }));
  const rate = 0.001 * ++sweeps; // other runs than those of the sweeps before
  const before = new Set(runs().map(({ id }) => id));
  sweep = spawn(
    process.execPath,
    [bin, 'sweep', path, '--seeds', String(count), '--grid', `learning_rate=${rate}`, '--slots', '1'],
    {
      stdio: 'ignore',
      env: env(),
    },
  );
  for (;;) {
    const made = runs().filter(({ id }) => !before.has(id));
    const training = made.find(({ state, step }) => state === 'running' && step > 0);
    const waiting = made.filter(({ state }) => state === 'queued').map(({ id }) => id);
    if (training && waiting.length === count - 1) return { training: training.id, waiting };
    if (sweep.exitCode !== null) throw new Error(`permafrost sweep has exited with ${sweep.exitCode}`);
    await sleep(200);
  }
}

describe.skipIf(process.platform !== 'linux')('pause and stop', () => {
  it('end a run that another process trains, at a checkpoint, and one that waits there', async () => {
    const { training, waiting } = await startSweep(3);
    const stopped = permafrost('stop', waiting[0]);
    expect(stopped).toMatchObject({ status: 0, stdout: `${waiting[0]}: stopped at step 0\n` });
    const paused = permafrost('pause', training);
    expect(paused.stdout).toMatch(new RegExp(`^${training}: paused at step [1-9]`));
    expect(existsSync(join(home, 'runs', training, 'checkpoint.safetensors'))).toBe(true);
    while (statesOf([waiting[1]])[0] !== 'running') await sleep(200); // the other process goes on with the rest
    expect(permafrost('stop', '--all').stdout).toMatch(new RegExp(`^${waiting[1]}: stopped at step`));
    await once(sweep!, 'exit');
    expect(statesOf([training, ...waiting])).toEqual(['paused', 'stopped', 'stopped']);
  });

  it('end what waits and leave what trains with --waiting', async () => {
    const { training, waiting } = await startSweep(3);
    expect(
      JSON.parse(permafrost('stop', '--waiting', '--json').stdout)
        .runs.map(({ id }: Run) => id)
        .sort(),
    ).toEqual(waiting.toSorted());
    expect(statesOf([training, ...waiting])).toEqual(['running', 'stopped', 'stopped']);
    permafrost('stop', training);
  });

  it('handle the other runs if one is unknown or over, and say so', async () => {
    const { training } = await startSweep(1);
    const { status, stdout } = permafrost('stop', 'bit-xor-nosuch', training);
    expect(stdout).toMatch(new RegExp(`^${training}: stopped at step`));
    expect(stdout).toMatch(/bit-xor-nosuch/);
    expect(status).toBe(4);
    expect(permafrost('stop', training)).toMatchObject({ status: 4, stdout: `${training} is stopped already.\n` });
  });

  it.each(['at once', 'after its trainer has paused'])(
    'end a run whose app was killed, %s, so that the next app does not resume it',
    async (when) => {
      const { training } = await startSweep(1);
      sweep!.kill('SIGKILL');
      await once(sweep!, 'exit');
      if (when !== 'at once') while (statesOf([training])[0] === 'running') await sleep(200);
      expect(permafrost('stop', '--all')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(new RegExp(`^${training}: stopped at step [1-9]`)),
      });
      const app = await createApp({ home });
      app.queue.adoptOrphans();
      await app.queue.whenIdle();
      const { state, reason } = app.runs.get(training);
      await app.close();
      expect({ state, reason }).toEqual({ state: 'stopped', reason: null });
    },
  );

  it('refuse to guess which runs', () => {
    expect(permafrost('stop')).toMatchObject({ status: 2, stderr: expect.stringContaining('--all') });
    expect(permafrost('pause', '--all').stdout).toBe('No run trains or waits.\n');
  });
});

describe('trash', () => {
  it('deletes what was moved there, once the user agrees', async () => {
    const { training, waiting } = await startSweep(2);
    const refused = permafrost('trash', 'add', training);
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringContaining('Stop it first') });
    permafrost('stop', '--all');
    expect(permafrost('trash', 'add', training, waiting[0]).stdout).toMatch(/^2 runs moved/);
    expect(permafrost('trash', 'restore', waiting[0]).stdout).toBe('1 run restored.\n');
    expect(permafrost('trash', 'restore', waiting[0]).status).toBe(4);
    expect(permafrost('trash', 'list').stdout).toContain(training);
    expect(permafrost('trash', 'empty')).toMatchObject({ status: 2, stderr: expect.stringContaining('--yes') });
    expect(existsSync(join(home, 'runs', training))).toBe(true);
    expect(permafrost('trash', 'empty', '--yes').stdout).toBe('1 run deleted.\n');
    expect(existsSync(join(home, 'runs', training))).toBe(false);
    expect(statesOf([training, waiting[0]])).toEqual([undefined, 'stopped']);
  });
});
