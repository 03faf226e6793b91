/** Gains of one column over another: verdicts, pairs, comparable columns. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import type { Sample } from '#contract/statistics';
import { compare, fewestPairs, judgeContrast, unlike } from '#papers/contrast';
import { expand } from '#papers/expand';
import { tableOf, tables } from '#papers/published';

const samples = (...values: number[]): Sample[] => values.map((value, seed) => ({ value, standardError: 0.001, seed }));
const verdict = (ours: Sample[], theirs: Sample[]) =>
  judgeContrast(compare(ours, theirs, 'accuracy')!, 0.02, null).verdict;

describe('a contrast', () => {
  it('is no difference when its interval lies within the tolerance', () => {
    expect(verdict(samples(0.951, 0.949, 0.95), samples(0.95, 0.951, 0.949))).toBe('no difference');
  });
  it('helps or harms when its interval lies on one side of 0 and leaves the tolerance', () => {
    expect(verdict(samples(0.951, 0.949, 0.95), samples(0.9, 0.901, 0.899))).toBe('helps');
    expect(verdict(samples(0.9, 0.901, 0.899), samples(0.951, 0.949, 0.95))).toBe('harms');
  });
  it("can't be told while its interval contains 0 and exceeds the tolerance", () => {
    expect(verdict(samples(0.9, 0.97, 0.93), samples(0.9, 0.94, 0.98))).toBe("can't tell yet");
  });
  it('gives the p value of each verdict', () => {
    const difference = compare(samples(0.951, 0.949, 0.95), samples(0.9, 0.901, 0.899), 'accuracy')!;
    const { p } = judgeContrast(difference, 0.02, null);
    expect(p).toBeGreaterThan(0);
    expect(p).toBeLessThan(0.001);
  });
});

describe('pairs of runs with the same seed', () => {
  it('are compared if there are at least five common seeds', () => {
    const six = samples(0.9, 0.91, 0.92, 0.93, 0.94, 0.95);
    expect(compare(six, six.slice(0, 4), 'accuracy')!.pairs).toBeNull();
    expect(compare(six, six.slice(1), 'accuracy')!.pairs).toBe(5);
    expect(
      compare(
        six,
        six.slice(1).map(({ seed, ...rest }) => rest),
        'accuracy',
      )!.pairs,
    ).toBeNull();
    expect(fewestPairs).toBe(5);
  });

  /** Shares of simulated contrasts whose interval holds the truth, and its mean width, over seeds that share a part of their spread. */
  function simulate(seeds: number, shared: number, isPaired: boolean) {
    const random = randomStream(11, `pairs ${seeds} ${shared}`);
    const [common, own] = [Math.sqrt(shared), Math.sqrt(1 - shared)].map((share) => 0.02 * share);
    let [held, width] = [0, 0];
    const count = 3000;
    for (let i = 0; i < count; i++) {
      const [ours, theirs]: [Sample[], Sample[]] = [[], []];
      for (let seed = 0; seed < seeds; seed++) {
        const both = common * random.normal();
        for (const side of [ours, theirs])
          side.push({ value: 0.7 + both + own * random.normal(), standardError: 0, seed: isPaired ? seed : undefined });
      }
      const { low, high } = compare(ours, theirs, 'accuracy')!;
      held += Number(low <= 0 && high >= 0);
      width += (high - low) / count;
    }
    return { held: held / count, width };
  }
  it.each([5, 10])(
    'of %i seeds that share half of their spread give a narrower interval with the same coverage',
    (seeds) => {
      const [paired, apart] = [simulate(seeds, 0.5, true), simulate(seeds, 0.5, false)];
      expect(paired.held).toBeGreaterThan(0.935);
      expect(paired.held).toBeLessThan(0.965);
      expect(paired.width).toBeLessThan(0.9 * apart.width);
    },
  );
  it('of five uncorrelated seeds widen the interval by a fifth and keep its coverage', () => {
    const [paired, apart] = [simulate(5, 0, true), simulate(5, 0, false)];
    expect(paired.held).toBeGreaterThan(0.935);
    expect(paired.width / apart.width).toBeGreaterThan(1);
    expect(paired.width / apart.width).toBeLessThan(1.25);
  });
  it('of three seeds are not used, since t(2) is 1.55 × t(4)', () => {
    const three = samples(0.9, 0.91, 0.95);
    expect(compare(three, three, 'accuracy')!.pairs).toBeNull();
    expect(compare(three, three, 'accuracy')!.degrees).toBeCloseTo(4);
  });
});

it('two more seeds where three decide nothing, once: at most 9 of 100 contrasts without a difference are called one', () => {
  const random = randomStream(5, 'two looks');
  const gains = (ours: Sample[], theirs: Sample[]) => ['helps', 'harms'].includes(verdict(ours, theirs));
  let wrong = 0;
  for (let i = 0; i < 4000; i++) {
    const side = () => samples(...Array.from({ length: 5 }, () => 0.85 + 0.02 * random.normal()));
    const [ours, theirs] = [side(), side()];
    const isOpen = verdict(ours.slice(0, 3), theirs.slice(0, 3)) === "can't tell yet";
    wrong += Number(isOpen ? gains(ours, theirs) : gains(ours.slice(0, 3), theirs.slice(0, 3)));
  }
  expect(wrong / 4000).toBeLessThan(0.09);
  expect(wrong / 4000).toBeGreaterThan(0.05); // more than a single look
});

describe('comparable columns', () => {
  const config = (rest: object) => parseConfig({ task: 'mnist', patch_size: 4, ...rest });
  it('other differing settings are named, but not settings of the regime or without effect', () => {
    const ours = config({ pretrained: true, num_iters: 250, seed: 1, device: 'cpu' });
    const theirs = config({ pretrained: false, num_iters: 350, early_stop: null });
    expect(unlike(ours, theirs, ['pretrained'])).toEqual(['Iterations 250 against 350', 'Early stop 10 against none']);
  });
  it('freeze flags are ignored if the whole body is trained', () => {
    const frozen = config({ freeze_pos: false });
    const trained = config({ freeze_trans: false, freeze_pos: true, freeze_attn: false });
    expect(unlike(frozen, trained, ['freeze_trans', 'freeze_attn', 'freeze_ff'])).toEqual([]);
  });

  const differing = (profile: 'quick' | 'paper', id: string) =>
    tables
      .filter((table) => table.id === id)
      .flatMap(({ contrasts, varies, cells }) =>
        [...new Set(cells.map(({ row }) => row))].flatMap((row) =>
          contrasts.flatMap(([a, b]) => {
            const pair = [a, b].map((column) => cells.find((cell) => cell.row === row && cell.column === column));
            if (!pair[0] || !pair[1]) return [];
            const [ours, theirs] = pair.map((cell) => expand(cell!, profile, [0]).configs[0]);
            return unlike(ours, theirs, varies).length > 0 ? [`${row}: ${a} over ${b}`] : [];
          }),
        ),
      );
  it('in the quick profile frozen bodies share their settings; unfrozen ones have another learning rate', () => {
    const rows = ['bit-xor', 'mnist', 'mnist-add'];
    expect(differing('quick', 'regimes')).toEqual(rows.map((row) => `${row}: FPT over URT`));
  });
  it('of the published regimes, only bit-xor and, on MNIST addition, FPT over FRT are comparable', () => {
    expect(differing('paper', 'regimes')).toEqual([
      'mnist: FPT over FRT',
      'mnist: FPT over URT',
      'mnist-add: FPT over URT',
    ]);
  });
  it('in the paper’s tables only depth and the learning rate of the LSTM make columns incomparable', () => {
    const apart = tables.flatMap(({ id }) =>
      id.startsWith('fpt-') || id === 'rebuttal' ? differing('paper', id) : [],
    );
    const lstm = tableOf('fpt-t3').cells.flatMap(({ row, column }) =>
      column === 'LSTM' ? [`${row}: Transformer over LSTM`] : [],
    );
    expect(apart).toEqual(['cifar10: FPT over Full transformer', ...lstm]);
  });
});
