/**
 * Judges steps to a threshold. A run that ends before it reaches the threshold shows only that it needs more steps than it had, so
 * there is a mean only if all runs reached the threshold.
 */
import type { Published } from '#contract/paperTable';
import { interval } from '#contract/statistics';
import type { Judgement, StepsToThreshold } from '#contract/tableState';

/** The mean number of steps. There is never a verdict, because no source says when a run counts as converged. */
export function judgeSteps(published: Published | null, { runs }: StepsToThreshold, scaled: boolean): Judgement {
  // the threshold was reached at an unknown step between two evaluations: standard deviation of a uniform distribution
  const reached = runs.flatMap(({ step, every }) =>
    step === null ? [] : [{ value: step, standardError: every / Math.sqrt(12) }],
  );
  const found = reached.length === runs.length ? interval(reached, 'mae') : null; // steps are positive, like errors
  return {
    verdict: !published ? 'no published number' : scaled ? 'scaled down' : 'not compared',
    mean: found?.mean ?? null,
    low: found?.low ?? null,
    high: found?.high ?? null,
    seeds: runs.length,
    ...{ moreSeeds: null, tolerance: null, p: null, stands: null },
  };
}
