import type { RunRow } from '#contract/runRow';

type Pace = Pick<RunRow, 'seconds' | 'step' | 'totalSteps'>;

/** How much longer a run takes at its pace so far if no early stop comes; null before the first step. */
export const secondsLeft = ({ seconds, step, totalSteps }: Pace): number | null =>
  step > 0 && seconds > 0 ? (seconds / step) * Math.max(0, totalSteps - step) : null;
