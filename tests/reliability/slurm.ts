/** Slurm: a time limit, and a machine that is gone. */
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
    const [id] = await app.runs.create([config], [], 'slurm');
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
