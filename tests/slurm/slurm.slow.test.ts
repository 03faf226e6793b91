/** Runs as jobs of a real Slurm cluster of one node with two cores. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { type ClusterSettings, clusterSettings } from '#contract/cluster';
import { parseConfig } from '#contract/config';
import { type Run, restingStates } from '#contract/run';
import type { Services } from '#contract/services';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { startApp } from './appProcess.ts';
import { type Cluster, openCluster, whyNoCluster } from './cluster.ts';

const short = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ device: 'cpu', batch_size: 8, gpu_batch_size: 8, num_iters: 3, steps_per_iter: 5, test_steps_per_iter: 16 },
  ...{ final_test_samples: 64, early_stop: null },
});
/** Trains for 40 seconds {@link slowly}, less than one otherwise. */
const long = parseConfig({ ...short, num_iters: 60 });
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

/** A prologue with which the steps of a job take a tenth of a second each, until {@link hurry}. */
const slowly = () =>
  `export QUICK='${join(home, 'quick')}' NODE_OPTIONS='--import=${import.meta.resolve('./slowly.ts')}'`;
const hurry = () => writeFileSync(join(home, 'quick'), '');

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

/** A module that sets the clock of its process a day ahead. */
const aDayAhead = `data:text/javascript,${encodeURIComponent('const now = Date.now; Date.now = () => now() + 86_400_000;').replaceAll("'", '%27')}`;

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

  it('trains a sweep of twelve runs as one job array on a node whose clock is a day ahead, to the bits of this machine', async () => {
    const app = await open({ prologue: `export NODE_OPTIONS='--import=${aDayAhead}'` });
    const ids = await app.runs.create(seeds(12), [], 'slurm');
    const local = await app.runs.create(seeds(12).slice(0, 2));
    await app.queue.whenIdle();
    expect(ids.map((id) => app.runs.get(id).state)).toEqual(ids.map(() => 'finished'));
    for (const [seed, id] of local.entries()) expect(essence(app, ids[seed])).toEqual(essence(app, id));
    expect(ids.map(endings)).toEqual(ids.map(() => ['finished']));
    expect(journalOf(ids[0])[0].at - journalOf(local[0])[0].at).toBeGreaterThan(80_000_000);
    const arrays = new Set(cluster.slurm('squeue', '-h', '-t', 'all', '-o', '%F').trim().split('\n'));
    expect(arrays.size).toBe(1);
    expect(readdirSync(join(home, 'cluster'))).toEqual([]);
    expect(existsSync(runFiles(join(home, 'runs', ids[0])).job)).toBe(false);
  }, 60_000);

  it('pauses a run at a checkpoint, resumes it, and stops a waiting run', async () => {
    const app = await open({ tasks: 1, prologue: slowly() });
    const [id, waiting] = await app.runs.create([long, parseConfig({ ...long, seed: 1 })], [], 'slurm');
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
    hurry();
    await app.queue.whenIdle();
    const [other] = await app.runs.create([long]);
    await app.queue.whenIdle();
    expect(essence(app, id)).toEqual(essence(app, other));
  }, 60_000);

  it('goes on by itself after a requeue, a preemption and a lost node, to the bits of a run that nothing disturbs', async () => {
    const app = await open({ partition: 'main', prologue: slowly() });
    const configs = [long, parseConfig({ ...long, seed: 1 })];
    const ids = await app.runs.create(configs, [], 'slurm');
    for (const id of ids) await stepAfter(app, id, 0);
    cluster.slurm('scontrol', 'requeue', jobOf(ids[0]));
    cluster.slurm('sbatch', '--partition=urgent', '--cpus-per-task=2', '--output=/dev/null', '--wrap', 'sleep 1');
    await until(() => ids.every((id) => app.runs.get(id).state === 'queued'), 'the return of the runs to the queue');
    const before = ids.map((id) => app.runs.get(id).step);
    for (const [i, id] of ids.entries()) await stepAfter(app, id, before[i]);
    await cluster.killNode();
    await until(() => ids.every((id) => app.runs.get(id).state === 'queued'), 'the loss of the node');
    await cluster.startNode();
    hurry();
    await app.queue.whenIdle();
    const [other] = await app.runs.create(configs);
    await app.queue.whenIdle();
    expect(essence(app, ids[0])).toEqual(essence(app, other));
    for (const id of ids) {
      expect(endings(id).filter((state) => state !== 'paused')).toEqual(['finished']);
      expect(endings(id)[0]).toBe('paused');
    }
  }, 90_000);

  it("ends a run that cannot go on in a state with Slurm's words", async () => {
    const app = await open();
    const submit = async (settings: Partial<ClusterSettings>, config: object = {}) => {
      app.cluster.save(clusterSettings.parse({ cpus: 1, prologue: slowly(), ...settings }));
      const [id] = await app.runs.create([parseConfig({ ...long, ...config })], [], 'slurm');
      await until(() => existsSync(runFiles(join(home, 'runs', id)).job), 'the submission');
      return id;
    };
    const preempted = await submit({ requeues: 0 });
    const cancelled = await submit({});
    const noDriver = await submit(
      { prologue: 'export VK_ICD_FILENAMES=/nowhere VK_DRIVER_FILES=/nowhere' },
      { device: 'cuda' },
    );
    const noFolder = await submit({});
    const noHome = await submit({ home: '/nowhere' });
    const noProgram = await submit({ program: '/nowhere' });
    const noMemory = await submit({ memory: '60M' });
    renameSync(join(home, 'runs', noFolder), join(home, 'runs', `${noFolder}.away`));
    await stepAfter(app, preempted, 0);
    cluster.slurm('scontrol', 'requeue', jobOf(preempted));
    await stepAfter(app, cancelled, 0);
    cluster.slurm('scancel', jobOf(cancelled));
    await app.queue.whenIdle();
    const expected = {
      cancelled: ['stopped', /^Slurm job \d+_0 was cancelled outside of Permafrost/],
      noDriver: ['failed', /^cuda cannot be used on node \S+: /],
      noFolder: ['crashed', /\(Slurm job \d+_0 on \S+: FAILED, the node does not see the run folder/],
      noHome: ['crashed', /\(Slurm job \d+_0 on \S+: FAILED, the node does not see the run folder/],
      noProgram: ['crashed', /\(Slurm job \d+_0 on \S+: FAILED, the node does not see Permafrost or its Node/],
      noMemory: ['crashed', /\(Slurm job \d+_0 on \S+: .*the cluster setting memory/],
      preempted: ['crashed', /FAILED, the cluster setting requeues does not allow it/],
    };
    const ids = { preempted, cancelled, noDriver, noFolder, noHome, noProgram, noMemory };
    for (const [name, [state, words]] of Object.entries(expected)) {
      const run = app.runs.get(ids[name as keyof typeof ids]);
      expect({ name, state: run.state, words: run.reason?.message }).toEqual({
        name,
        state,
        words: expect.stringMatching(words),
      });
    }
  }, 90_000);

  it('continues while the node is drained and the controller restarts', async () => {
    const app = await open();
    cluster.drainNode();
    const ids = await app.runs.create(seeds(2), [], 'slurm');
    await until(() => app.queue.get().submitted.length === 2 && app.runs.get(ids[0]).reason !== null, 'the submission');
    expect((await app.cluster.state()).jobs).toMatchObject([{ tasks: 2, state: 'PENDING' }]);
    await cluster.stopController();
    expect((await app.cluster.state()).problem).toContain("Slurm's controller does not answer");
    const [here] = await app.runs.create(seeds(1));
    await until(() => app.runs.get(here).state === 'finished', 'a run of this machine meanwhile');
    await cluster.startController();
    await cluster.resumeNode();
    await app.queue.whenIdle();
    expect(ids.map((id) => app.runs.get(id).state)).toEqual(['finished', 'finished']);
  }, 60_000);

  it('loses nothing when the app is killed and its store deleted, nor when the next one is closed: each finds the jobs by their run folders', async () => {
    const configs = [long, ...seeds(3)];
    const settings = clusterSettings.parse({ cpus: 1, prologue: slowly() });
    const killed = startApp({ home, settings, configs });
    await until(
      () => runsIn(home).some((id) => endings(id).length > 0 || journalOf(id).length > 2),
      'the first entries',
    );
    killed.kill('SIGKILL');
    for (const end of ['', '-wal', '-shm']) rmSync(join(home, `permafrost.db${end}`), { force: true });
    const next = await open();
    next.queue.adoptOrphans();
    const ids = next.runs.getAll().map(({ id }) => id);
    expect(ids).toHaveLength(4);
    await until(() => next.queue.get().running.length > 0, 'a job that runs');
    await next.close();
    apps.delete(next);
    const app = await open();
    expect(ids.map((id) => app.runs.get(id).state)).not.toContain('paused');
    app.runs.complete(ids);
    hurry();
    await app.queue.whenIdle();
    expect(app.runs.getAll().map(({ state }: Run) => state)).toEqual(ids.map(() => 'finished'));
    expect(ids.map(endings)).toEqual(ids.map(() => ['finished']));
  }, 60_000);

  it('a run that waits for a live app is not stopped by another one; once that app was killed, permafrost stop ends its runs and their jobs', async () => {
    const settings = clusterSettings.parse({ cpus: 1, tasks: 1, prologue: slowly() });
    const killed = startApp({ home, settings, configs: [long, parseConfig({ ...long, seed: 1 })] });
    await until(() => runsIn(home).some((id) => journalOf(id).length > 2), 'the first entries');
    const other = await open(settings);
    const waiting = runsIn(home).find((id) => journalOf(id).length === 0)!;
    expect(() => other.runs.stop(waiting)).toThrow(/is queued in another Permafrost \(process \d+\)\. Use that app/);
    expect(other.runs.get(waiting).state).toBe('queued');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const bin = join(import.meta.dirname, '../../bin/permafrost.js');
    const child = spawn(process.execPath, [bin, 'stop', '--all', '--json'], {
      env: { ...process.env, PERMAFROST_HOME: home },
    });
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const { runs, refused }: { runs: Run[]; refused: unknown[] } = JSON.parse(printed);
    expect(refused).toEqual([]);
    expect(runs.map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    expect(runs.filter(({ step }) => step > 0)).toHaveLength(1);
    await until(() => cluster.slurm('squeue', '-h') === '', 'the end of the jobs');
    const app = await open();
    app.queue.adoptOrphans();
    await app.queue.whenIdle();
    expect(app.runs.getAll().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  }, 90_000);

  it('two apps that want the same runs at once, one of them on another machine, train each run once', async () => {
    const before = jobNames();
    const options = { home, settings: clusterSettings.parse({ cpus: 1 }), configs: seeds(4) };
    const apps = [startApp(options), startApp({ ...options, host: 'laptop' })];
    expect(await Promise.all(apps.map((app) => once(app, 'exit')))).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(runsIn(home)).toHaveLength(4);
    expect(jobNames().filter((name) => !before.includes(name))).toHaveLength(4);
    for (const id of runsIn(home))
      expect(journalOf(id).filter(({ body }) => body.kind === 'started' || body.kind === 'ended')).toHaveLength(2);
  }, 60_000);
});

/** Jobs that Slurm knows, with those that ended. */
const jobNames = (): string[] => cluster.slurm('squeue', '-h', '-r', '-t', 'all', '-o', '%F_%K').split('\n');
const runsIn = (folder: string): string[] =>
  existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : [];
const journalOf = (id: string) => [...readEntries(runFiles(join(home, 'runs', id)).journal)];
