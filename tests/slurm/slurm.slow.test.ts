/** Runs as jobs of a real Slurm cluster of one node with two cores. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { type ClusterSettings, clusterSettings } from '#contract/cluster';
import { parseConfig } from '#contract/config';
import { type Run, restingStates } from '#contract/run';
import type { Services } from '#contract/services';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { type Cluster, openCluster, whyNoCluster } from './cluster.ts';

const short = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ device: 'cpu', batch_size: 8, gpu_batch_size: 8, num_iters: 3, steps_per_iter: 5, test_steps_per_iter: 16 },
  ...{ final_test_samples: 64, early_stop: null },
});
/** Trains for about four seconds on this machine now. */
let long = short;
const seeds = (count: number) => Array.from({ length: count }, (_, seed) => parseConfig({ ...short, seed }));

let cluster: Cluster;
let home: string;
const apps = new Set<Services>();

async function open(settings: Partial<ClusterSettings> = {}, at = home): Promise<Services> {
  const app = await createApp({ home: at, slots: 2 });
  app.cluster.save(clusterSettings.parse({ cpus: 1, ...settings }));
  apps.add(app);
  return app;
}

async function until(isTrue: () => boolean, what: string, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error(`${what} did not happen in ${seconds} s`);
    await sleep(50);
  }
}
const stepAfter = (app: Services, id: string, step: number) =>
  until(() => app.runs.get(id).step > step, `step ${step} of ${id}`);
const rests = (app: Services, id: string) =>
  until(
    () => restingStates.includes(app.runs.get(id).state) && !app.queue.get().running.includes(id),
    `the rest of ${id}`,
  );
const jobOf = (id: string): string => {
  const { batch, task } = JSON.parse(readFileSync(runFiles(join(home, 'runs', id)).job, 'utf8'));
  return `${readFileSync(join(home, 'cluster', batch, 'job'), 'utf8').trim()}_${task}`;
};

/** What a run came to, without times. */
function essence(app: Services, id: string) {
  const { state, step, result } = app.runs.get(id);
  return { state, step, result: result && { ...result, seconds: 0 }, rows: [...app.runs.metrics(id)] };
}
const endings = (id: string) =>
  [...readEntries(runFiles(join(home, 'runs', id)).journal, { kinds: ['ended'] })].flatMap(({ body }) =>
    body.kind === 'ended' ? [body.state] : [],
  );

describe.skipIf(whyNoCluster)(`a Slurm cluster${whyNoCluster ? ` (${whyNoCluster})` : ''}`, () => {
  beforeAll(async () => {
    cluster = await openCluster();
    home = mkdtempSync(join(tmpdir(), 'permafrost-'));
    const app = await open();
    const [id] = app.runs.create([parseConfig({ ...short, num_iters: 100 })]);
    await app.queue.whenIdle();
    const { seconds } = app.runs.get(id).result!;
    long = parseConfig({ ...short, num_iters: Math.ceil(450 / seconds) });
    await app.close();
    apps.clear();
    rmSync(home, { recursive: true, maxRetries: 5 });
  }, 60_000);
  afterAll(() => cluster?.close(), 60_000);
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  });
  afterEach(async () => {
    await Promise.all([...apps].map((app) => app.close()));
    apps.clear();
    await cluster.clear();
    rmSync(home, { recursive: true, maxRetries: 5 });
  });

  it('trains a sweep of twelve runs as one job array, with the same bits as without Slurm', async () => {
    const app = await open();
    const ids = app.runs.create(seeds(12), [], 'slurm');
    const local = app.runs.create(seeds(12).slice(0, 2));
    await app.queue.whenIdle();
    expect(ids.map((id) => app.runs.get(id).state)).toEqual(ids.map(() => 'finished'));
    for (const [seed, id] of local.entries()) expect(essence(app, ids[seed])).toEqual(essence(app, id));
    expect(ids.map(endings)).toEqual(ids.map(() => ['finished']));
    const arrays = new Set(cluster.slurm('squeue', '-h', '-t', 'all', '-o', '%F').trim().split('\n'));
    expect(arrays.size).toBe(1);
    expect(readdirSync(join(home, 'cluster'))).toEqual([]);
    expect(existsSync(runFiles(join(home, 'runs', ids[0])).job)).toBe(false);
  }, 60_000);

  it('pauses a run at a checkpoint, resumes it, and stops a waiting run', async () => {
    const app = await open({ tasks: 1 });
    const [id, waiting] = app.runs.create([long, parseConfig({ ...long, seed: 1 })], [], 'slurm');
    await stepAfter(app, id, 0);
    await until(
      () => /JobArrayTaskLimit/.test(app.runs.get(waiting).reason?.message ?? ''),
      "Slurm's reason for waiting",
    );
    expect(app.runs.get(waiting).state).toBe('queued');
    expect(app.queue.get()).toMatchObject({ running: [id], submitted: [waiting], queued: [] });
    app.runs.stop(waiting);
    app.runs.pause(id);
    await rests(app, id);
    await rests(app, waiting);
    expect(app.runs.get(id)).toMatchObject({ state: 'paused', reason: null });
    expect(app.runs.get(waiting)).toMatchObject({ state: 'stopped', step: 0 });
    app.runs.resume(id);
    await app.queue.whenIdle();
    const [other] = app.runs.create([long]);
    await app.queue.whenIdle();
    expect(essence(app, id)).toEqual(essence(app, other));
  }, 60_000);

  it('continues after a requeue, and gives the reason of a run that was cancelled by hand', async () => {
    const app = await open();
    const [requeued, cancelled] = app.runs.create([long, parseConfig({ ...long, seed: 1 })], [], 'slurm');
    await stepAfter(app, requeued, 0);
    await stepAfter(app, cancelled, 0);
    cluster.slurm('scancel', jobOf(cancelled));
    cluster.slurm('scontrol', 'requeue', jobOf(requeued));
    await app.queue.whenIdle();
    expect(endings(requeued)).toEqual(['paused', 'finished']);
    expect(app.runs.get(requeued).state).toBe('finished');
    expect(app.runs.get(cancelled)).toMatchObject({ state: 'stopped', reason: { code: 'cancelled' } });
    expect(app.runs.get(cancelled).reason?.message).toContain('was cancelled outside of Permafrost');
  }, 60_000);

  it('continues while the node is drained and the controller restarts', async () => {
    const app = await open();
    cluster.drainNode();
    const ids = app.runs.create(seeds(2), [], 'slurm');
    await until(() => app.queue.get().submitted.length === 2 && app.runs.get(ids[0]).reason !== null, 'the submission');
    expect((await app.cluster.state()).jobs).toMatchObject([{ tasks: 2, state: 'PENDING' }]);
    await cluster.stopController();
    expect((await app.cluster.state()).problem).toContain("Slurm's controller does not answer");
    const [here] = app.runs.create(seeds(1));
    await until(() => app.runs.get(here).state === 'finished', 'a run of this machine meanwhile');
    await cluster.startController();
    await cluster.resumeNode();
    await app.queue.whenIdle();
    expect(ids.map((id) => app.runs.get(id).state)).toEqual(['finished', 'finished']);
  }, 60_000);

  it('continues the runs of a closed app, and the next app follows them', async () => {
    const first = await open();
    const ids = first.runs.create([long, ...seeds(3)], [], 'slurm');
    await stepAfter(first, ids[0], 0);
    await first.close();
    apps.delete(first);
    const app = await open();
    expect(ids.map((id) => app.runs.get(id).state)).not.toContain('paused');
    app.runs.complete(ids);
    await app.queue.whenIdle();
    expect(ids.map(endings)).toEqual(ids.map(() => ['finished']));
  }, 60_000);

  it('loses no run if the app is killed and its store deleted: the next app finds the jobs by their run folders', async () => {
    const settings = clusterSettings.parse({ cpus: 1 });
    const killed = spawn(
      process.execPath,
      [join(import.meta.dirname, 'appProcess.ts'), home, JSON.stringify(settings), JSON.stringify([long, ...seeds(3)])],
      {
        stdio: 'ignore',
      },
    );
    await until(
      () => runsIn(home).some((id) => endings(id).length > 0 || journalOf(id).length > 2),
      'the first entries',
    );
    killed.kill('SIGKILL');
    for (const end of ['', '-wal', '-shm']) rmSync(join(home, `permafrost.db${end}`), { force: true });
    const app = await open();
    app.queue.adoptOrphans();
    const ids = app.runs.getAll().map(({ id }) => id);
    expect(ids).toHaveLength(4);
    await app.queue.whenIdle();
    expect(app.runs.getAll().map(({ state }: Run) => state)).toEqual(ids.map(() => 'finished'));
    expect(ids.map(endings)).toEqual(ids.map(() => ['finished']));
  }, 60_000);
});

const runsIn = (folder: string): string[] =>
  existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : [];
const journalOf = (id: string) => [...readEntries(runFiles(join(home, 'runs', id)).journal)];
