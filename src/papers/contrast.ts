/** The gain of one column of a table over another: its interval, its verdict, and the differences that rule out a comparison. */
import { type ConfigField, configFields, type ExperimentConfig, fieldMeta } from '#contract/config';
import { neutralFields } from '#contract/decisiveFields';
import { isSameSetting } from '#contract/isSameSetting';
import type { MetricName } from '#contract/runRow';
import { deviationOf, evaluationError, interval, type Sample, studentT, uncertainty } from '#contract/statistics';
import type { ContrastVerdict, GainEstimate } from '#contract/tableState';
import { settingText } from '#contract/tableText';
import { level } from './holm.ts';
import { chanceOfGap, chanceOfSamePeak, type Tally } from './twoPeaks.ts';
import { tail } from './verdict.ts';

/**
 * With at least this many common seeds, runs are compared in pairs with the same seed, which see the same batches and start from
 * the same weights. With fewer, pairing loses more in degrees of freedom than it gains (simulated).
 */
export const fewestPairs = 5;

/**
 * Estimates the gain of one set of runs over another: paired by seed if there are enough pairs, otherwise with Welch's interval.
 * The interval is never narrower than evaluation noise. Null if either side has fewer than two seeds.
 */
export function compare(ours: readonly Sample[], theirs: readonly Sample[], metric: MetricName): GainEstimate | null {
  if (ours.length < 2 || theirs.length < 2) return null;
  const pairs = pairsOf(ours, theirs);
  const { mean, error, degrees } = pairs.length >= fewestPairs ? paired(pairs) : apart(ours, theirs);
  const gain = metric === 'accuracy' ? mean : -mean;
  const half = error === 0 ? 0 : studentT(0.975, degrees) * error;
  const most = metric === 'accuracy' ? 1 : Number.POSITIVE_INFINITY;
  return {
    gain,
    low: Math.max(-most, gain - half),
    high: Math.min(most, gain + half),
    error,
    degrees,
    pairs: pairs.length >= fewestPairs ? pairs.length : null,
  };
}

const pairsOf = (ours: readonly Sample[], theirs: readonly Sample[]): [Sample, Sample][] => {
  const bySeed = new Map(theirs.map((sample) => [sample.seed, sample]));
  return ours.flatMap((sample): [Sample, Sample][] => {
    const other = sample.seed === undefined ? undefined : bySeed.get(sample.seed);
    return other ? [[sample, other]] : [];
  });
};

function paired(pairs: readonly [Sample, Sample][]) {
  const differences = pairs.map(([a, b]) => a.value - b.value);
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / pairs.length;
  const noise = Math.hypot(evaluationError(pairs.map(([a]) => a)), evaluationError(pairs.map(([, b]) => b)));
  const error = Math.max(deviationOf(differences) / Math.sqrt(pairs.length), noise);
  return { mean, error, degrees: pairs.length - 1 };
}

function apart(ours: readonly Sample[], theirs: readonly Sample[]) {
  const [a, b] = [ours, theirs].map((samples) => ({ ...interval(samples)!, ...uncertainty(samples) }));
  const error = Math.hypot(a.error, b.error);
  const degrees = error === 0 ? 1 : error ** 4 / (a.error ** 4 / a.degrees + b.error ** 4 / b.degrees);
  return { mean: a.mean - b.mean, error, degrees };
}

/**
 * The verdict on a gain. `no difference`: its 95 % interval lies within the tolerance. `helps` or `harms`: the interval lies on
 * one side of 0. For runs that end at one of two peaks, an exact test on their counts must agree.
 */
export function judgeContrast(
  { gain, error, degrees }: GainEstimate,
  tolerance: number,
  tallies: readonly [Tally, Tally] | null,
): { verdict: ContrastVerdict; p: number | null } {
  const within = 2 * tail(tolerance - Math.abs(gain), error, degrees, level / 2);
  const none = Math.max(within, tallies ? chanceOfSamePeak(...tallies) : 0);
  if (none <= level) return { verdict: 'no difference', p: none };
  const beside = gain === 0 ? 1 : 2 * tail(Math.abs(gain), error, degrees, level / 2);
  const some = Math.max(beside, tallies ? chanceOfGap(...tallies) : 0);
  if (some <= level) return { verdict: gain > 0 ? 'helps' : 'harms', p: some };
  return { verdict: "can't tell yet", p: null };
}

/** Fields in which compared runs may always differ. */
const free = new Set<ConfigField>([...neutralFields, 'seed', 'gpu_batch_size']);
/** Flags that have no effect if the whole body is trained. */
const ignoredFlags = { freeze_pos: false, freeze_ln: false, freeze_attn: false, freeze_ff: false };
const withEffectiveFlags = (config: ExperimentConfig): ExperimentConfig =>
  config.freeze_trans ? config : { ...config, ...ignoredFlags };

/** The differences between two configs outside the fields that a contrast varies, as text. */
export function unlike(ours: ExperimentConfig, theirs: ExperimentConfig, varies: readonly ConfigField[]): string[] {
  const [a, b] = [withEffectiveFlags(ours), withEffectiveFlags(theirs)];
  return configFields.flatMap((field) =>
    free.has(field) || varies.includes(field) || isSameSetting(a[field], b[field])
      ? []
      : [`${fieldMeta(field).label} ${settingText(a[field])} against ${settingText(b[field])}`],
  );
}
