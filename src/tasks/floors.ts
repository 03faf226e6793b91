/** Floors: scores of trivial rules, most of which ignore the input. A result means something only if it is better. */
import type { Floor } from '#contract/floor';

/** How often each label occurs in the test set: counts[label]. Null if the data are unknown. */
export type LabelCounts = readonly number[] | null;

/** Accuracy of predicting the same value for all of many balanced bits. */
export const coinFloor: Floor = { value: 0.5, predictor: 'always predict the same bit' };

/** Accuracy of always predicting the most frequent class. */
export function majorityFloor(counts: LabelCounts): Floor | null {
  if (!counts) return null;
  const most = Math.max(...counts);
  const value = most / counts.reduce((a, b) => a + b, 0);
  return { value, predictor: `always predict class ${counts.indexOf(most)}` };
}

/** Mean absolute error of the best constant prediction of a sum of `n` independent labels, which is the median. */
export function sumFloor(counts: LabelCounts, n: number): Floor | null {
  if (!counts) return null;
  const sums = distributionOfSum(counts, n);
  let [median, below] = [0, sums[0]];
  while (below < 0.5) below += sums[++median];
  const value = sums.reduce((error, share, sum) => error + share * Math.abs(sum - median), 0);
  return { value, predictor: `always predict ${median}` };
}

function distributionOfSum(counts: readonly number[], n: number): Float64Array {
  const total = counts.reduce((a, b) => a + b, 0);
  let sums = Float64Array.of(1);
  for (let i = 0; i < n; i++) {
    const next = new Float64Array(sums.length + counts.length - 1);
    sums.forEach((share, sum) => {
      for (let label = 0; label < counts.length; label++) next[sum + label] += (share * counts[label]) / total;
    });
    sums = next;
  }
  return sums;
}
