/** The x axes of a curve. Steps are stored; samples and time follow from them. Pure. */

export const xAxes = ['step', 'samples', 'time'] as const;
export type XAxis = (typeof xAxes)[number];

export interface StepAxis {
  label: string;
  /** The x of a step. */
  of(step: number): number;
  /** The step of an x. */
  stepAt(x: number): number;
}

/** Seconds of training at some steps; both increase. */
export type Clock = readonly { step: number; seconds: number }[];

const units = [
  { name: 'hours', seconds: 3600, from: 3 * 3600 },
  { name: 'minutes', seconds: 60, from: 180 },
  { name: 'seconds', seconds: 1, from: 0 },
];

export function axisOf(kind: XAxis, batchSize: number, clock: Clock): StepAxis {
  const axes: Record<XAxis, () => StepAxis> = {
    step: () => ({ label: 'step', of: (step) => step, stepAt: (x) => x }),
    samples: () => ({ label: 'samples', of: (step) => step * batchSize, stepAt: (x) => x / batchSize }),
    time: () => {
      const unit = units.find(({ from }) => (clock.at(-1)?.seconds ?? 0) >= from)!;
      return {
        label: `${unit.name} of training`,
        of: (step) => along(clock, 'step', 'seconds', step) / unit.seconds,
        stepAt: (x) => along(clock, 'seconds', 'step', x * unit.seconds),
      };
    },
  };
  return axes[kind]();
}

type Side = 'step' | 'seconds';

/** Reads `to` at a value of `from` by linear interpolation; beyond the last row it extrapolates. */
function along(clock: Clock, from: Side, to: Side, value: number): number {
  if (clock.length === 0) return 0;
  if (clock.length === 1) return clock[0][to];
  let [low, high] = [0, clock.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (clock[middle][from] <= value) low = middle;
    else high = middle;
  }
  const [a, b] = [clock[low], clock[high]];
  const width = b[from] - a[from];
  return width === 0 ? b[to] : a[to] + ((value - a[from]) / width) * (b[to] - a[to]);
}
