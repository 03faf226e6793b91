import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batchScript, type Submission } from '#cluster/batchScript';
import { type ClusterSettings, clusterSettings } from '#contract/cluster';
import { writeRunJob } from '#runFolder/job';
import { whyNoProcFolder } from '../disk/procFolder.ts';
import { endOf, type Lab, openLab, type Run } from '../trainer/lab.ts';

const submission: Submission = {
  ...{ runs: 300, batch: '20261130-1', home: "/lab/Ann's home", program: '/lab/permafrost' },
  environment: { HF_HOME: '/lab/hf cache' },
  libraries: "/lab/Ann's home/cache/cuda/1.30.0",
};
const scriptOf = (settings: Partial<ClusterSettings> = {}) => batchScript(clusterSettings.parse(settings), submission);

it('a batch script requests the resources in the settings, and is valid bash', () => {
  const script = scriptOf({ partition: 'gpu', gres: 'gpu:1', memory: '8G', tasks: 50, prologue: 'module load cuda' });
  expect(script.split('\n').filter((line) => line.startsWith('#SBATCH'))).toEqual([
    '#SBATCH --job-name=permafrost',
    '#SBATCH --comment=permafrost:20261130-1',
    '#SBATCH --array=0-299%50',
    '#SBATCH --nodes=1',
    '#SBATCH --ntasks=1',
    '#SBATCH --cpus-per-task=4',
    '#SBATCH --partition=gpu',
    '#SBATCH --gres=gpu:1',
    '#SBATCH --mem=8G',
    '#SBATCH --output=/dev/null',
    '#SBATCH --requeue',
    '#SBATCH --signal=B:USR2@120',
  ]);
  expect(script).toContain('\nmodule load cuda\n');
  expect(() => execFileSync('bash', ['-n'], { input: script })).not.toThrow();
});

it('trainers look for the CUDA libraries in the home first, then where the prologue says', () => {
  const script = scriptOf({ prologue: 'export LD_LIBRARY_PATH=/opt/cuda' });
  const lines = script.split('\n').filter((text) => text.startsWith('export LD_LIBRARY_PATH='));
  const shown = (given: string[]) =>
    execFileSync('bash', { input: [...given, 'echo "$LD_LIBRARY_PATH"'].join('\n'), encoding: 'utf8', env: {} });
  expect(shown(lines)).toBe("/lab/Ann's home/cache/cuda/1.30.0:/opt/cuda\n");
  expect(shown(lines.slice(1))).toBe("/lab/Ann's home/cache/cuda/1.30.0\n");
});

it('a node without the run folder reports that with its own exit code', () => {
  const { status } = spawnSync('bash', { input: scriptOf(), env: { ...process.env, SLURM_ARRAY_TASK_ID: '0' } });
  expect(status).toBe(71);
});

it('the script contains further options of sbatch, except those that Permafrost sets itself', () => {
  expect(scriptOf({ sbatch: '--qos=low\n#SBATCH --exclusive\n' })).toContain(
    '\n#SBATCH --qos=low\n#SBATCH --exclusive\n\n',
  );
  for (const option of ['--array=0-9', '--qos=low --array=0-9', '-a 0-9', '-a0-9', '--arr=0-9'])
    expect(() => scriptOf({ sbatch: option })).toThrow(
      `has --array in "${option}", but Permafrost sets this option itself`,
    );
  expect(() => scriptOf({ sbatch: '-J mine' })).toThrow('has --job-name');
  expect(() => scriptOf({ sbatch: '--clusters=east' })).toThrow('has --clusters');
  expect(() => scriptOf({ sbatch: 'qos=low' })).toThrow('found "qos=low"');
});

describe.skipIf(whyNoProcFolder)('a batch script on a node', () => {
  let lab: Lab;
  let run: Run;
  beforeEach(() => {
    lab = openLab();
    run = lab.addRun('first', { num_iters: 100_000, early_stop: null });
    mkdirSync(join(lab.home, 'cluster', 'batch'), { recursive: true });
    writeFileSync(join(lab.home, 'cluster', 'batch', 'runs'), 'first\n');
  });
  afterEach(() => lab.remove());

  /** Starts it as Slurm does. */
  const start = (settings: Partial<ClusterSettings> = {}, restarts = 0) => {
    const program = join(import.meta.dirname, '../..');
    const place = { runs: 1, batch: 'batch', home: lab.home, program, environment: {}, libraries: '' };
    const script = batchScript(clusterSettings.parse({ node: process.execPath, cpus: 1, ...settings }), place);
    const environment = { SLURM_ARRAY_TASK_ID: '0', SLURM_RESTART_COUNT: String(restarts) };
    return spawn('bash', ['-c', script], { stdio: 'ignore', env: { ...process.env, ...environment } });
  };

  it.each([
    ['USR1', 'before the trainer starts', 'sleep 0.3', { state: 'paused', reason: null }],
    ['TERM', 'before the trainer starts', 'sleep 0.3', { state: 'paused', reason: { code: 'interrupted' } }],
    ['USR1', 'while the trainer starts', '', { state: 'paused', reason: null }],
    ['TERM', 'while the trainer starts', '', { state: 'paused', reason: { code: 'interrupted' } }],
  ] as const)('%s %s pauses the run', async (signal, _, pause, expected) => {
    const mark = join(lab.home, 'begun');
    const job = start({ prologue: `touch '${mark}'\n${pause}` });
    while (!existsSync(mark)) await sleep(5);
    job.kill(`SIG${signal}`);
    expect(await once(job, 'exit')).toEqual([0, null]);
    expect(endOf(run)).toMatchObject(expected);
  });

  it('counts earlier jobs of the run and restarts of this one against the limit', async () => {
    writeRunJob(run.folder, { batch: 'batch', task: 0, attempt: 3 });
    expect(await once(start({ requeues: 4 }, 2), 'exit')).toEqual([73, null]);
  });
});
