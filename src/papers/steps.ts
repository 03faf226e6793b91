/**
 * Steps until a threshold, of runs of which some may end before they reach it. Such a run says only that it takes more steps
 * than it had, so there is a mean over runs where all of them reached the threshold, and none otherwise.
 */
import type { Published } from '#contract/paperTable';
import { interval } from '#contract/statistics';
import type { Judgement, StepsToThreshold } from '#contract/tableState';

/** The mean of the steps; never judged, because no source says when a run counts as converged. */
export function judgeSteps(published: Published | null, { runs }: StepsToThreshold, scaled: boolean): Judgement {
  // the threshold was reached anywhere between two evaluations: the deviation of a uniform distribution
  const reached = runs.flatMap(({ step, every }) =>
    step === null ? [] : [{ value: step, standardError: every / Math.sqrt(12) }],
  );
  const found = reached.length === runs.length ? interval(reached, 'mae') : null; // above 0, as errors are
  return {
    verdict: !published ? 'no published number' : scaled ? 'scaled down' : 'not compared',
    mean: found?.mean ?? null,
    low: found?.low ?? null,
    high: found?.high ?? null,
    seeds: runs.length,
    ...{ moreSeeds: null, tolerance: null, p: null, stands: null },
  };
}
