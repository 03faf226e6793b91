/** The time that a run still takes, at the speed that it has had so far. Pure. */
import { durationText } from '#contract/format';
import type { RunRow } from '#contract/runRow';

type Pace = Pick<RunRow, 'seconds' | 'step' | 'totalSteps'>;

/** The remaining seconds of a run at its average speed, without early stop; null before the first step. */
export const secondsLeft = ({ seconds, step, totalSteps }: Pace): number | null =>
  step > 0 && seconds > 0 ? (seconds / step) * Math.max(0, totalSteps - step) : null;

/** `at most 2 min 30 s left` for a running run; `time left unknown` before its first step. */
export function timeLeftText(pace: Pace): string {
  const left = secondsLeft(pace);
  return left === null ? 'time left unknown' : `at most ${durationText(left)} left`;
}
