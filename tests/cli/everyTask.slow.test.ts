/** `permafrost run --set task=…` alone, for every task, in an empty home. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '#app';
import type { BodyInfo } from '#contract/catalogue';
import type { DatasetInfo } from '#contract/data';
import { tasks } from '#tasks/index';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
/** The smallest run; its task and its body are left open. */
const short = ['num_iters=1', 'steps_per_iter=1', 'batch_size=2', 'gpu_batch_size=2', 'device=cpu'];
const shortTests = ['test_steps_per_iter=2', 'final_test_samples=2'];

let home: string;
let datasets: DatasetInfo[];
let bodies: BodyInfo[];
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  const app = await createApp({ home });
  datasets = await app.data.list();
  bodies = app.config.catalogue().bodies;
  await app.close();
});
afterAll(() => rmSync(home, { recursive: true, maxRetries: 5 }));

function run(...settings: string[]) {
  return spawnSync(
    process.execPath,
    [bin, 'run', ...[...settings, ...short, ...shortTests].flatMap((setting) => ['--set', setting])],
    { encoding: 'utf8', env: { ...process.env, PERMAFROST_HOME: home, HF_HOME: join(home, 'hub') } },
  );
}

it.each(Object.values(tasks).map(({ name, dataset }) => [name, dataset] as const))(
  '%s trains where its data and a body are embedded, and otherwise names the command that fetches them',
  (name, dataset) => {
    const { status, stderr } = run(`task=${name}`);
    const hasData = dataset === null || datasets.some((set) => set.name === dataset && /present|ready/.test(set.state));
    const hasBody = bodies.some(({ hasWeights, tasks }) => hasWeights && tasks.includes(name));
    if (hasData && hasBody) expect({ status, stderr }).toMatchObject({ status: 0 });
    else expect(stderr).toMatch(/permafrost (data|zoo) pull \S+/);
  },
);

it.each([
  [
    ['task=listops', 'reading=lra'],
    /^listops makes 2000 tokens, but gpt2 takes at most 1024.*\nUsing the body sberbank/,
  ],
  [['task=cyp3a4-graph', 'model_name=mat'], /^mat has no published weights, so it starts from random ones\.$/m],
])('%j asks for data or weights, not for another setting', (settings, notice) => {
  const { status, stderr } = run(...settings);
  expect(stderr).toMatch(notice);
  expect(stderr).toMatch(/permafrost (data|zoo) pull \S+/);
  expect(status).toBe(3);
});
