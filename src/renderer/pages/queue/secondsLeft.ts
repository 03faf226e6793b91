import type { RunRow } from '#contract/runRow';

type Pace = Pick<RunRow, 'seconds' | 'step' | 'totalSteps'>;

/** The remaining seconds of a run at its average speed, without early stop; null before the first step. */
export const secondsLeft = ({ seconds, step, totalSteps }: Pace): number | null =>
  step > 0 && seconds > 0 ? (seconds / step) * Math.max(0, totalSteps - step) : null;
