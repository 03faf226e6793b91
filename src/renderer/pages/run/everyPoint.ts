/** All points of a curve, however many: one call brings a bounded number of them. Pure. */
import type { Curve } from '#contract/runRow';
import { type CurveRange, mostPoints } from '#contract/runServices';

/** Points of a rough look at a curve, to find its middle. */
const rough = 100;

/** Reads a curve between two steps whole, in halves where it has more than `most` points. */
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
