import { describe, expect, it } from 'vitest';
import { endOfJob, type JobPast } from '#cluster/jobEnd';
import type { SlurmJob } from '#cluster/slurm';

const job: SlurmJob = {
  ...{ array: '7', tasks: '3', state: 'COMPLETED', exit: 0, restarts: 0, nodes: 'n1', reason: 'None', comment: '' },
};
const past: JobPast = { isAsked: false, isInterrupted: false, attempts: 0, requeues: 2 };

describe('the run of a job that is over without an end in the journal', () => {
  it.each(['NODE_FAIL', 'PREEMPTED', 'TIMEOUT', 'BOOT_FAIL'])('goes on after %s, up to the limit', (state) => {
    expect(endOfJob('7_3', { ...job, state }, { ...past, attempts: 1 })).toBe('again');
    expect(endOfJob('7_3', { ...job, state }, { ...past, attempts: 2 })).toEqual({
      how: `Slurm job 7_3 on n1: ${state}, the cluster setting requeues does not allow it to go on in another job`,
    });
    expect(endOfJob('7_3', { ...job, state }, { ...past, isAsked: true })).not.toBe('again');
  });

  it('goes on after a job that was interrupted and completed', () => {
    expect(endOfJob('7_3', job, { ...past, isInterrupted: true })).toBe('again');
    expect(endOfJob('7_3', job, past)).toEqual({ how: 'Slurm job 7_3 on n1: COMPLETED' });
  });

  it.each([
    // what Slurm says with cgroups, and without
    [{ state: 'OUT_OF_MEMORY', exit: 137 }, 'OUT_OF_MEMORY, raise the cluster setting memory'],
    [{ state: 'FAILED', exit: 137 }, /^Slurm job 7_3 on n1: FAILED, killed .* raise the cluster setting memory$/],
    [{ state: 'FAILED', exit: 71 }, 'FAILED, the node does not see the run folder'],
    [{ state: 'FAILED', exit: 5 }, 'FAILED, exit code 5'],
  ])("rests with Slurm's words after %j", (end, words) => {
    expect(endOfJob('7_3', { ...job, ...end }, past)).toEqual({
      how: words instanceof RegExp ? expect.stringMatching(words) : expect.stringContaining(words),
    });
  });

  it('is stopped after a cancel by hand, but not after one that the app asked for', () => {
    const cancelled = { ...job, state: 'CANCELLED' };
    expect(endOfJob('7_3', cancelled, past)).toMatchObject({ otherwise: { state: 'stopped' } });
    expect(endOfJob('7_3', cancelled, { ...past, isAsked: true })).toEqual({ how: 'Slurm job 7_3 on n1: CANCELLED' });
  });
});
