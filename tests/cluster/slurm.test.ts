import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listJobs, listPartitions, signalJobs, submit, taskIndices } from '#cluster/slurm';

let folder: string;
const path = process.env.PATH;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
  process.env.PATH = folder;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});
/** Puts a command of Slurm in the path that prints a text. */
function install(command: string, text: string, { to = 1, code = 0 } = {}): void {
  writeFileSync(join(folder, command), `#!/bin/sh\n/bin/cat >&${to} <<'END'\n${text}\nEND\nexit ${code}\n`);
  chmodSync(join(folder, command), 0o755);
}

it('array indices are read from lists, ranges, steps and limits', () => {
  expect(taskIndices('3')).toEqual([3]);
  expect(taskIndices('0-8:4,12,15-16%4')).toEqual([0, 4, 8, 12, 15, 16]);
  expect(taskIndices('N/A')).toEqual([]);
});

it('waiting tasks of an array are one job', async () => {
  install(
    'squeue',
    '1|2-11%2|PENDING|0|0||permafrost:a|JobArrayTaskLimit|\n1|0|FAILED|18176|2|n7|permafrost:a|NonZeroExitCode|',
  );
  expect(await listJobs()).toEqual([
    {
      array: '1',
      tasks: '2-11%2',
      state: 'PENDING',
      exit: 0,
      restarts: 0,
      nodes: '',
      comment: 'permafrost:a',
      reason: 'JobArrayTaskLimit',
    },
    {
      array: '1',
      tasks: '0',
      state: 'FAILED',
      exit: 71,
      restarts: 2,
      nodes: 'n7',
      comment: 'permafrost:a',
      reason: 'NonZeroExitCode',
    },
  ]);
});

it('free GPUs of a partition are unused ones on usable nodes', async () => {
  install(
    'sinfo',
    'gpu*|up|mix|12/20/0/32|gpu:a100:4(S:0-1)|gpu:a100:3(IDX:0-2)|n1|\ngpu*|up|drain|0/0/32/32|gpu:a100:4(S:0-1)|gpu:a100:0|n2|\ncpu|up|idle|0/8/0/8|(null)|(null)|n3|',
  );
  expect(await listPartitions()).toEqual([
    { name: 'gpu*', availability: 'up', nodes: 2, idleNodes: 0, cpus: 64, idleCpus: 20, gpus: 8, freeGpus: 1 },
    { name: 'cpu', availability: 'up', nodes: 1, idleNodes: 1, cpus: 8, idleCpus: 8, gpus: 0, freeGpus: 0 },
  ]);
});

it('jobs that have ended are no reason to fail when others are signalled, whatever scancel says of them', async () => {
  install('scancel', 'scancel: error: Kill job error on job id 7_0: Invalid job id specified', { to: 2, code: 1 });
  await signalJobs(['7_0', '7_1'], 'USR1');
  writeFileSync(join(folder, 'scancel'), '#!/bin/sh\nexit 1\n');
  await signalJobs(['7_0']);
  install('scancel', 'scancel: error: Kill job error on job id 8_0: Access/permission denied', { to: 2, code: 1 });
  await expect(signalJobs(['8_0'])).rejects.toThrow('Slurm refuses (scancel): Kill job error on job id 8_0: Access');
});

it('says that commands without a configuration find no cluster, instead of their lines about DNS alone', async () => {
  const lines = 'sbatch: error: fetch_config: DNS SRV lookup failed';
  install('sbatch', lines, { to: 2, code: 1 });
  await expect(submit('')).rejects.toThrow(
    /^Slurm's commands are installed here, but they find no cluster .* login node/,
  );
});

it('a missing Slurm, a silent controller and a refusal by munge each have a clear message', async () => {
  await expect(submit('')).rejects.toThrow('There is no Slurm here: the command sbatch is missing.');
  install(
    'sbatch',
    'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)',
    { to: 2, code: 1 },
  );
  await expect(submit('')).rejects.toThrow("Slurm's controller does not answer");
  install('sbatch', 'sbatch: error: Munge encode failed: Failed to access "/run/munge": No such file', {
    to: 2,
    code: 1,
  });
  await expect(submit('')).rejects.toThrow('Check that munged runs here');
  install(
    'sbatch',
    'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified',
    { to: 2, code: 1 },
  );
  await expect(submit('')).rejects.toThrow('Slurm refuses (sbatch): Batch job submission failed: Invalid account');
});
