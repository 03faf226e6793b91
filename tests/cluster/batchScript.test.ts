import { execFileSync, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { batchScript, type Submission } from '#cluster/batchScript';
import { type ClusterSettings, clusterSettings } from '#contract/cluster';

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
  expect(() => scriptOf({ sbatch: '--array=0-9' })).toThrow('has --array, which Permafrost sets itself');
  expect(() => scriptOf({ sbatch: 'qos=low' })).toThrow('found "qos=low"');
});
