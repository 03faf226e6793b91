/**
 * `node manyRunsProcess.ts FOLDER RUNS NODES` makes runs in an app with an empty home, follows them on a simulated cluster until all
 * have finished, and sends the figures to its parent.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import type { Figures } from './benchmark.ts';

const [folder, runs, nodes] = process.argv.slice(2);
const secondsOfRun = '10';
const config = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ device: 'cpu', batch_size: 8, gpu_batch_size: 8, num_iters: 8000, steps_per_iter: 5, early_stop: null },
});

const [home, cluster] = [join(folder, 'home'), join(folder, 'slurm')];
const app = await createApp({ home });
const simulator = spawn(
  process.execPath,
  [join(import.meta.dirname, 'simulatedCluster.ts'), cluster, home, nodes, secondsOfRun],
  { stdio: 'inherit' },
);
process.env.PATH = `${join(cluster, 'bin')}:${process.env.PATH}`;
while (!existsSync(join(cluster, 'jobs'))) await sleep(100);

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
/** The longest time in milliseconds during which the app answered nothing, since the last call. */
async function longestBlock(): Promise<number> {
  await sleep(20); // the monitor sees a block when it is over
  const longest = delay.max / 1e6;
  delay.reset();
  return longest;
}
let begun = performance.now();
const lap = () => {
  const took = (performance.now() - begun) / 1000;
  begun = performance.now();
  return took;
};
const megabytes = () => process.memoryUsage.rss() / 2 ** 20;
/** Core-seconds since a moment, per second. */
const since = ({ at, cpu }: { at: number; cpu: NodeJS.CpuUsage }) => {
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1000 / (performance.now() - at);
};
const now = () => ({ at: performance.now(), cpu: process.cpuUsage() });

const configs = Array.from({ length: Number(runs) }, (_, seed) => ({ ...config, seed }));
await longestBlock();
lap();
await app.runs.create(configs, ['many'], 'slurm');
const figures: Figures = { createSeconds: lap(), longestBlockCreatingMs: await longestBlock() };
while (app.queue.get().running.length === 0) await sleep(100);
Object.assign(figures, { firstRunningSeconds: lap(), longestBlockSubmittingMs: await longestBlock() });

const worst = { megabytes: megabytes(), listMs: 0, coresWorst: 0 };
let isDone = false;
const done = app.queue.whenIdle().then(() => {
  isDone = true;
});
const following = now();
while (!isDone) {
  const moment = now();
  await Promise.race([done, sleep(10_000)]);
  if (performance.now() - moment.at > 5000) worst.coresWorst = Math.max(worst.coresWorst, since(moment));
  worst.megabytes = Math.max(worst.megabytes, megabytes());
  const listed = performance.now();
  app.runs.list();
  worst.listMs = Math.max(worst.listMs, performance.now() - listed);
}
Object.assign(figures, { coresMean: since(following), finishSeconds: lap(), ...worst });
Object.assign(figures, { longestBlockFollowingMs: await longestBlock() });
const unfinished = app.runs.list().filter(({ state }) => state !== 'finished').length;
simulator.kill();
await app.close();
if (unfinished > 0) throw new Error(`${unfinished} runs did not finish`);
process.send!(figures, () => process.exit(0));
