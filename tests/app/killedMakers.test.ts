/** Files left by an app that was killed while it made, marked or removed something, and how the next app handles them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { readMarks } from '#runFolder/marks';
import { runFiles } from '#runFolder/paths';
import { openStore } from '#store/store';
import { tiny } from '../trainer/lab.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-killed-'));
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

const project = join(import.meta.dirname, '../..');
const killer = pathToFileURL(join(project, 'tests/reliability/killer.ts')).href;

/** Runs a command that is killed at the first matching point. */
function killedAt(point: string, ...words: string[]): void {
  const program = 'bin/permafrost.js';
  const env = {
    ...process.env,
    PERMAFROST_HOME: home,
    HF_HOME: join(home, 'hub'),
    KILL_PROGRAM: program,
    KILL_ON: point,
  };
  const args = ['--import', killer, join(project, program), ...words];
  expect(spawnSync(process.execPath, args, { env }).signal).toBe('SIGKILL');
}
const settings = ['task=bit-xor', 'n=4', 'num_patterns=2', 'pretrained=false', 'n_layer=1', 'n_embd=16', 'n_head=2'];
const run = ['run', ...settings.flatMap((setting) => ['--set', setting]), '--tag', 'mine'];
const runs = (): string[] => readdirSync(join(home, 'runs'));

it('a run whose app was killed before the store had it is in the table at the next start', async () => {
  killedAt('after renameSync .*marks.json', ...run);
  const [id] = runs();
  const app = await createApp({ home });
  expect(app.runs.getAll()).toMatchObject([{ id, state: 'paused', tags: ['mine'] }]);
  await app.close();
});

it('a folder that a killed app had just made is removed at the next start', async () => {
  killedAt('before renameSync .*config.json', ...run);
  expect(runs()).toHaveLength(1);
  const app = await createApp({ home });
  expect([app.runs.getAll(), runs()]).toEqual([[], []]);
  await app.close();
});

it('a lease that a killed app was making is removed at the next start', async () => {
  killedAt('after openSync .*/apps/', ...run);
  expect(readdirSync(join(home, 'apps'))).toHaveLength(1);
  const app = await createApp({ home });
  expect(readdirSync(join(home, 'apps'))).toEqual([]);
  await app.close();
});

it.each([['after renameSync .*marks.json'], ['before fsyncSync .*marks.json']])(
  'a tag whose writer was killed before the commit is removed from the run folder, and so is its draft (%s)',
  async (point) => {
    const app = await createApp({ home });
    app.queue.pause();
    const [id] = await app.runs.create([parseConfig(tiny)], ['first']);
    await app.close();
    killedAt(point, 'tag', id, 'second');
    await (await createApp({ home })).close();
    const store = await openStore(join(home, 'permafrost.db'));
    const marks = store.runs.marks(id);
    store.close();
    expect(existsSync(runFiles(join(home, 'runs', id)).marks)).toBe(true);
    expect(readMarks(runFiles(join(home, 'runs', id)).marks)).toEqual(marks);
    expect(readdirSync(join(home, 'runs', id)).filter((name) => name.endsWith('.draft'))).toEqual([]);
  },
);

it('a model whose removal was killed uses no disk space after the next start', async () => {
  const models = join(home, 'models');
  mkdirSync(join(models, 'gpt2'), { recursive: true });
  writeFileSync(join(models, 'gpt2', 'model.safetensors'), 'large');
  killedAt('after rename .*gpt2', 'zoo', 'rm', 'gpt2');
  expect(readdirSync(models)).not.toEqual([]);
  await (await createApp({ home })).close();
  expect(readdirSync(models)).toEqual([]);
});
