/** Reads all points of a curve by calls that each return a bounded number. Pure. */
import type { Curve } from '#contract/runRow';
import { type CurveRange, mostPoints } from '#contract/runServices';

/** Points of a coarse curve that shows where to halve it. */
const rough = 100;

/** Reads every point between two steps, in halves if there are more than `most`. */
export async function everyPoint(
  read: (range: CurveRange) => Promise<Curve>,
  bounds: CurveRange = {},
  most = mostPoints,
): Promise<Curve['points']> {
  const { points, of } = await read({ ...bounds, points: rough });
  if (points.length === of) return points;
  if (of <= most) return (await read({ ...bounds, points: most })).points;
  const middle = points[(points.length - 1) >> 1].step;
  const before = await everyPoint(read, { ...bounds, to: middle }, most);
  return [...before, ...(await everyPoint(read, { ...bounds, from: middle + 1 }, most))];
}
