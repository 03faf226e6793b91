import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { slurmLauncher } from '#cluster/slurmLauncher';
import { clusterSettings } from '#contract/cluster';
import type { TrainerListener } from '#scheduler/launch';

/** Commands of a Slurm that has taken one submission, job 7; squeue prints `jobs`, and `cancelled` has the calls of scancel. */
let folder: string;
let launcher: ReturnType<typeof slurmLauncher>;
const path = process.env.PATH;
const inFolder = (name: string) => join(folder, name);
function install(command: string, script: string): void {
  writeFileSync(inFolder(command), `#!/bin/sh\n${script}\n`);
  chmodSync(inFolder(command), 0o755);
}
/** Says the states of the two runs, which are tasks 0 and 1 of the job. */
function jobsAre(...states: string[]): void {
  const comment = /--comment=(\S+)/.exec(readFileSync(inFolder('script'), 'utf8'))![1];
  const lines = states.map((state, task) => `7|${task}|${state}|0|0||${comment}|Resources|`);
  writeFileSync(inFolder('jobs'), `${lines.join('\n')}\n`);
}
const calls = () => readFileSync(inFolder('cancelled'), 'utf8').split('\n');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
  process.env.PATH = `${folder}:${path}`;
  for (const name of ['jobs', 'cancelled']) writeFileSync(inFolder(name), '');
  install('sbatch', `cat > ${folder}/script; echo 7`);
  install('squeue', `cat ${folder}/jobs`);
  install('scontrol', 'echo MaxArraySize = 1001');
  install('scancel', `echo "$@" >> ${folder}/cancelled`);
  launcher = slurmLauncher({
    home: folder,
    settings: () => clusterSettings.parse({}),
    scriptOf: (batch) => `--comment=permafrost:${batch}`,
  });
});
afterEach(async () => {
  await launcher.close();
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** Submits a run; `phase` is what the launcher last said of it. */
function launch(id: string) {
  const seen = { phase: '' };
  const run = join(folder, 'runs', id);
  mkdirSync(run, { recursive: true });
  const listener: TrainerListener = {
    ...{ onEntry() {}, onHeard() {}, onEnd() {}, isOurs: () => true },
    onWaiting() {
      seen.phase = 'waiting';
    },
    onRunning() {
      seen.phase = 'running';
    },
  };
  return { seen, handle: launcher.launch({ folder: run, seq: 0, slots: 1 }, listener) };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !isTrue(); await sleep(20))
    if (Date.now() > end) throw new Error(`It did not happen; scancel was called with ${calls().join('; ')}`);
}

/** Submits two runs, of which the first runs. */
async function twoRuns() {
  const [first, second] = [launch('a'), launch('b')];
  await until(() => existsSync(inFolder('script')) && readFileSync(inFolder('script'), 'utf8') !== '');
  jobsAre('RUNNING', 'PENDING');
  await until(() => first.seen.phase === 'running' && second.seen.phase === 'waiting');
  return [first.handle, second.handle];
}
it('a waiting run is cancelled although a running one that is asked to stop with it has just ended', async () => {
  const [running, waiting] = await twoRuns();
  install(
    'scancel',
    `echo "$@" >> ${folder}/cancelled
case "$*" in *7_0*) echo "scancel: error: Kill job error on job id 7_0: Invalid job id specified" >&2; exit 1;; esac`,
  );
  running.send({ kind: 'stop' });
  waiting.send({ kind: 'stop' });
  await until(() => calls().includes('7_1'));
  expect(calls()).toEqual(['--batch --signal=USR1 7_0', '7_1', '']);
});

it('a run that starts while it is cancelled stops all the same', async () => {
  const [, waiting] = await twoRuns();
  install('scancel', 'exit 0'); // too early: Slurm has just started it
  waiting.send({ kind: 'stop' });
  await sleep(200);
  install('scancel', `echo "$@" >> ${folder}/cancelled`);
  jobsAre('RUNNING', 'RUNNING');
  await until(() => calls().includes('--batch --signal=USR1 7_1'));
});
