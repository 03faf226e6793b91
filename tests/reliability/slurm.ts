/** Clusters: a time limit on a real one, and ten thousand runs on a thousand simulated nodes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '#app';
import { clusterSettings } from '#contract/cluster';
import { parseConfig } from '#contract/config';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { startApp } from '../slurm/appProcess.ts';
import { openCluster, whyNoCluster } from '../slurm/cluster.ts';

const config = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ device: 'cpu', batch_size: 8, gpu_batch_size: 8, num_iters: 8000, steps_per_iter: 5, test_steps_per_iter: 16 },
  ...{ final_test_samples: 64, early_stop: null },
});

function require(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** A run goes on in the next job when a time limit of a minute is near. */
export async function timeLimit(say: (line: string) => void): Promise<void> {
  if (whyNoCluster) return say(`skipped: ${whyNoCluster}`);
  const cluster = await openCluster();
  const home = mkdtempSync(join(tmpdir(), 'permafrost-limit-'));
  const app = await createApp({ home });
  app.cluster.save(clusterSettings.parse({ cpus: 1, time: '1', grace: 55 }));
  try {
    const [id] = app.runs.create([config], [], 'slurm');
    await app.queue.whenIdle();
    const entries = [...readEntries(runFiles(join(home, 'runs', id)).journal, { kinds: ['ended'] })];
    const states = entries.map(({ body }) => (body.kind === 'ended' ? body.state : ''));
    say(`${states.length} jobs: ${states.join(', ')}`);
    const { state, reason } = app.runs.get(id);
    require(state === 'finished', `the run is ${state}: ${reason?.message}`);
    require(states.length > 1 && states.slice(0, -1).every((state) => state === 'paused'), 'no job ended at its limit');
  } finally {
    await app.close();
    await cluster.close();
    rmSync(home, { recursive: true, maxRetries: 5 });
  }
}

/** The machine of an app is gone, and one on another machine, whose clock is a day ahead, follows its job to the end. */
export async function otherMachine(say: (line: string) => void): Promise<void> {
  if (whyNoCluster) return say(`skipped: ${whyNoCluster}`);
  const cluster = await openCluster();
  const home = mkdtempSync(join(tmpdir(), 'permafrost-machines-'));
  const options = { home, settings: clusterSettings.parse({ cpus: 1 }), configs: [config] };
  const journal = () =>
    existsSync(join(home, 'runs'))
      ? readdirSync(join(home, 'runs')).flatMap((id) => [...readEntries(runFiles(join(home, 'runs', id)).journal)])
      : [];
  const bodies = (kind: string) => journal().filter(({ body }) => body.kind === kind);
  const ahead = 'const now = Date.now; Date.now = () => now() + 86400000;';
  const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` };
  try {
    const first = startApp({ ...options, host: 'login1' });
    while (bodies('metrics').length === 0) await sleep(100);
    first.kill('SIGKILL');
    const begun = performance.now();
    const second = startApp({ ...options, host: 'login2', environment });
    const [code] = await once(second, 'exit');
    say(`the second app ended with ${code} after ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    require(code === 0, 'the second app should end well');
    require(bodies('started').length === 1, 'the job should not be disturbed');
    const ends = bodies('ended').map(({ body }) => (body.kind === 'ended' ? body.state : ''));
    require(String(ends) === 'finished', `the run ended as ${ends}`);
    const app = await createApp({ home, reads: true });
    const states = app.runs.list().map(({ state }) => state);
    await app.close();
    require(String(states) === 'finished', `the store has it as ${states}`);
  } finally {
    await cluster.close();
    rmSync(home, { recursive: true, maxRetries: 5 });
  }
}

const megabytes = (): number => process.memoryUsage().rss / 2 ** 20;

const nodes = 1000;
const secondsOfRun = 10;
const limits = { megabytes: 500, listMs: 1000, cores: 1 };

/** Follows ten thousand runs on a thousand nodes within limits of memory and time. */
export async function manyRuns(say: (line: string) => void, count = 10_000): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-nodes-'));
  const home = join(folder, 'home');
  const app = await createApp({ home });
  const simulator = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'simulatedCluster.ts'),
      join(folder, 'slurm'),
      home,
      String(nodes),
      String(secondsOfRun),
    ],
    { stdio: 'inherit' },
  );
  const { PATH } = process.env;
  process.env.PATH = `${join(folder, 'slurm', 'bin')}:${PATH}`;
  try {
    while (!existsSync(join(folder, 'slurm', 'jobs'))) await sleep(100);
    let begun = performance.now();
    const lap = () => {
      const took = performance.now() - begun;
      begun = performance.now();
      return took;
    };
    app.runs.create(
      Array.from({ length: count }, (_, seed) => parseConfig({ ...config, seed })),
      ['many'],
      'slurm',
    );
    say(`${count} runs made in ${(lap() / 1000).toFixed(1)} s, ${megabytes().toFixed(0)} MB`);
    while (!app.runs.list().some(({ state }) => state === 'running')) await sleep(500);
    say(`submitted and begun after ${(lap() / 1000).toFixed(1)} s`);

    const worst = { megabytes: 0, listMs: 0, cores: 0 };
    let isDone = false;
    const done = app.queue.whenIdle().then(() => {
      isDone = true;
    });
    const all = { cpu: process.cpuUsage(), at: performance.now() };
    while (!isDone) {
      const [cpu, at] = [process.cpuUsage(), performance.now()];
      await Promise.race([done, sleep(10_000)]);
      const used = process.cpuUsage(cpu);
      if (performance.now() - at > 5000)
        worst.cores = Math.max(worst.cores, (used.user + used.system) / 1000 / (performance.now() - at));
      const listed = performance.now();
      app.runs.list();
      worst.listMs = Math.max(worst.listMs, performance.now() - listed);
      worst.megabytes = Math.max(worst.megabytes, megabytes());
    }
    const used = process.cpuUsage(all.cpu);
    const mean = (used.user + used.system) / 1000 / (performance.now() - all.at);
    const finished = app.runs.list().filter(({ state }) => state === 'finished').length;
    say(
      `${finished} finished in ${(lap() / 1000).toFixed(0)} s: ${mean.toFixed(2)} core-seconds a second (${worst.cores.toFixed(2)} in the worst ten seconds), ${worst.megabytes.toFixed(0)} MB, list ${worst.listMs.toFixed(0)} ms`,
    );
    require(finished === count, `${count - finished} runs did not finish`);
    for (const [name, limit] of Object.entries(limits))
      require(worst[name as keyof typeof worst] < limit, `${name} should stay below ${limit}`);
  } finally {
    process.env.PATH = PATH;
    simulator.kill();
    await app.close();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
}
