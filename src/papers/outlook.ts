/** Predicts, before training, how many seeds a verdict needs. */
import { sitsOnFloor } from '#contract/floor';
import type { PublishedScore } from '#contract/paperTable';
import { normalShare, studentT } from '#contract/statistics';
import type { Outlook } from '#contract/tableState';
import { level } from './holm.ts';
import { chanceOfSamePeak, peaksOf } from './twoPeaks.ts';
import {
  doubt,
  fewestSeeds,
  type JudgeOptions,
  mostSeeds,
  publishedSpread,
  publishedTally,
  toleranceOf,
} from './verdict.ts';

/** The smallest probability of a verdict for which seeds are worth training. */
const worthwhile = 0.8;

/** The assumed spread of our seeds if none is published: half of the default tolerance. */
const assumedSpread = (published: PublishedScore): number => toleranceOf(published) / 2;

/**
 * How many seeds would probably decide a cell, and the probability of a verdict then, assuming that our runs follow the same
 * distribution as the published ones. More runs of ours do not reduce the uncertainty of a single published run.
 */
export function outlookOf(published: PublishedScore, options: Omit<JudgeOptions, 'scaled'>): Outlook {
  const tolerance = options.tolerance ?? toleranceOf(published);
  const { floor = null, twoPeaked = false } = options;
  const { metric, value, values } = published;
  const peaks = peaksOf(values ?? [value], metric, floor, tolerance, twoPeaked);
  const counts = Array.from({ length: mostSeeds - fewestSeeds + 1 }, (_, i) => fewestSeeds + i);
  if (peaks) {
    const theirs = publishedTally(published, peaks);
    const sees = (runs: number) => chanceOfSamePeak({ learnt: theirs.learnt && runs, runs }, theirs) <= level;
    return { seeds: counts.find(sees) ?? null, power: null, spread: null };
  }
  const spread = publishedSpread(published) ?? assumedSpread(published);
  const isOnFloor = floor !== null && sitsOnFloor(published, floor, tolerance);
  const toFloor = isOnFloor ? tolerance - (metric === 'accuracy' ? value - floor.value : floor.value - value) : null;
  const power = (seeds: number): number => {
    const { error, degrees } = doubt(published, spread, seeds);
    const within = error === 0 ? 1 : Math.max(0, 2 * normalShare(tolerance / error - t(degrees)) - 1);
    const alone = spread / Math.sqrt(seeds);
    const below = toFloor === null ? 0 : alone === 0 ? 1 : normalShare(toFloor / alone - t(seeds - 1));
    return Math.max(within, below);
  };
  const seeds = counts.find((count) => power(count) >= worthwhile) ?? null;
  return { seeds, power: power(seeds ?? mostSeeds), spread };
}

const quantiles = new Map<number, number>();
function t(degrees: number): number {
  const before = quantiles.get(degrees);
  if (before !== undefined) return before;
  const found = studentT(1 - level, degrees);
  quantiles.set(degrees, found);
  return found;
}
