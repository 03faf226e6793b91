import { describe, expect, it, test } from 'vitest';
import type { Cell, PaperTable, Published } from '#contract/paperTable';
import type { RunRow } from '#contract/runRow';
import {
  type CellResult,
  type Contrast,
  contrastVerdicts,
  defaultTolerance,
  type Judgement,
  type TableState,
  verdicts,
} from '#contract/tableState';
import { paperInk } from '#pictures/colors';
import { forestPlotParts, forestPlotSvg } from '#pictures/forestPlot';
import { type TestCurves, testCurvesOf } from '#pictures/stepCurves';
import { type SvgElement, svgElement } from '#pictures/svg';

const published: Published = {
  ...{ metric: 'accuracy', value: 0.5, spread: 0.1, runs: 3 },
  ...{ source: 'a source', certainty: 'read' },
};
const cell = (row: string, column: string, own: Partial<Cell> = {}): Cell => ({
  ...{ id: `t/${row}/${column}`, row, column, like: null, params: {}, published, resultIs: 'final' },
  ...{ threshold: null, swept: [], bestOf: [], seeds: 3 },
  ...{ beside: [], beyond: null },
  ...own,
});
const judgement: Judgement = {
  ...{ verdict: 'reproduced', mean: 0.52, low: 0.5, high: 0.54, seeds: 3, moreSeeds: null },
  ...{ tolerance: 0.02, p: 0.01, stands: true },
};
const unanswered: Judgement = { ...judgement, mean: null, low: null, high: null, seeds: 0, p: null, stands: null };
const result = (own: Cell, more: Partial<CellResult> = {}): CellResult => ({
  ...{ cell: own, needs: null, notes: [], floor: { value: 0.1, predictor: 'always predict class 1' }, onFloor: false },
  ...{
    metric: own.published?.metric ?? null,
    runs: [],
    averages: null,
    outlook: null,
    steps: null,
    best: null,
    judgement,
  },
  ...more,
});
const table: PaperTable = {
  ...{ id: 't', title: 'What helps', note: null, contrasts: [], varies: [] },
  ...{ comparesWeights: false, cells: [], settings: [] },
};
const stateOf = (results: CellResult[], contrasts: Contrast[] = []): TableState => ({
  ...{ table, profile: 'paper', tolerance: defaultTolerance, results, contrasts, weightsAndScore: [] },
});
const draw = (state: TableState, curves: TestCurves = new Map(), width = 900): SvgElement => {
  const parts = forestPlotParts(state, { width, ink: paperInk, curves });
  return svgElement('g', {}, ...parts.flatMap(({ elements }) => elements));
};

const partsOf = (element: SvgElement): SvgElement[] => [
  element,
  ...element.children.flatMap((child) => (typeof child === 'string' ? [] : partsOf(child))),
];
const contentOf = (element: SvgElement): string =>
  element.children.map((child) => (typeof child === 'string' ? child : contentOf(child))).join('');
/** The line of a cell or a contrast, by the beginning of its words. */
const lineOf = (plot: SvgElement, about: string): SvgElement =>
  partsOf(plot).find(({ tag, children: [first] }) => {
    const isTitled = tag === 'g' && typeof first === 'object' && first.tag === 'title';
    return isTitled && contentOf(first).startsWith(about);
  })!;
const partOf = (line: SvgElement, name: string) =>
  partsOf(line).find(({ attributes }) => attributes['data-part'] === name)!;
const markOf = (line: SvgElement) => partsOf(line).find(({ attributes }) => 'data-mark' in attributes);
const placeOf = (mark: SvgElement): number => Number(/translate\(([\d.]+)/.exec(String(mark.attributes.transform))![1]);
const startOf = ({ attributes }: SvgElement): number => Number(/^M([\d.]+)/.exec(String(attributes.d))![1]);
const texts = (plot: SvgElement): string[] =>
  partsOf(plot).flatMap((part) => (part.tag === 'text' ? contentOf(part) : []));
/** The pixel of a tick of the first axis. */
const tickAt = (plot: SvgElement, label: string): number =>
  Number(partsOf(plot).find((part) => part.tag === 'text' && contentOf(part) === label)!.attributes.x);

describe('a line of a cell', () => {
  const plot = draw(stateOf([result(cell('mnist', 'FPT')), result(cell('mnist', 'URT'))]));
  const line = lineOf(plot, 'mnist · FPT');
  const [zero, one] = [tickAt(plot, '0'), tickAt(plot, '1')];
  const pixel = (value: number): number => zero + value * (one - zero);

  it('has every number at its place on the accuracy axis', () => {
    expect(placeOf(markOf(line)!)).toBeCloseTo(pixel(0.52), 0);
    const [spread, tick] = partOf(line, 'published').children as SvgElement[];
    expect(startOf(tick)).toBeCloseTo(pixel(0.5), 1);
    expect(startOf(spread)).toBeCloseTo(pixel(0.4), 1);
    expect(Number(/H([\d.]+)/.exec(String(spread.attributes.d))![1])).toBeCloseTo(pixel(0.6), 1);
    expect(startOf(partOf(line, 'floor'))).toBeCloseTo(pixel(0.1), 1);
    const { x, width } = partOf(line, 'tolerance').attributes;
    expect([Number(x), Number(x) + Number(width)]).toEqual([
      expect.closeTo(pixel(0.48), 1),
      expect.closeTo(pixel(0.52), 1),
    ]);
  });

  it('has a text that says what it shows', () => {
    expect(contentOf(line)).toContain(
      'Paper 0.5 ± 0.1. Ours 0.5200 (0.5 … 0.54), 3 seeds. Tolerance ± 0.02. Floor 0.1000',
    );
  });
});

test('an interval that leaves the range of the metric ends at its axis', () => {
  const wide = { ...published, value: 0.98, spread: 0.2 };
  const plot = draw(stateOf([result(cell('mnist', 'FPT', { published: wide }))]));
  const [spread] = partOf(lineOf(plot, 'mnist'), 'published').children as SvgElement[];
  expect(spread.attributes.d).toContain(`H${tickAt(plot, '1')}`);
});

test('errors have an axis of their own, up to the largest', () => {
  const error = { ...published, metric: 'mae' as const, value: 7.4, spread: null };
  const judged = { ...judgement, mean: 9, low: 8.8, high: 9.2, tolerance: 0.74 };
  const results = [
    result(cell('mnist', 'FPT')),
    result(cell('add', 'FPT', { published: error }), { judgement: judged }),
  ];
  const plot = draw(stateOf(results));
  expect(texts(plot)).toEqual(
    expect.arrayContaining(['Accuracy (higher is better)', 'Mean absolute error (lower is better)']),
  );
  const pixels = tickAt(plot, '8') - tickAt(plot, '6');
  expect(placeOf(markOf(lineOf(plot, 'add'))!)).toBeCloseTo(tickAt(plot, '8') + pixels / 2, 0);
});

test('every verdict has its own shape, a colour, a name and a line in the legend; without a verdict, our number stands there', () => {
  const results = verdicts.map((verdict) => result(cell(verdict, 'FPT'), { judgement: { ...judgement, verdict } }));
  const plot = draw(
    stateOf([...results, result(cell('gone', 'FPT'), { needs: 'it needs a GPU', judgement: unanswered })]),
  );
  const marks = verdicts.map((verdict) => markOf(lineOf(plot, verdict))!);
  expect(new Set(marks.map(({ attributes }) => attributes['data-mark'])).size).toBe(verdicts.length);
  expect(marks[0].attributes.fill).toBe(paperInk.tone('good'));
  for (const verdict of verdicts.filter((name) => name !== 'no published number'))
    expect(texts(plot).filter((text) => text.startsWith(verdict)).length).toBeGreaterThan(1);
  expect(texts(lineOf(plot, 'no published number'))).toEqual(['no published number', '0.5200']);
  const gone = lineOf(plot, 'gone');
  expect(markOf(gone)).toBeUndefined();
  expect(contentOf(gone)).toContain('not run here');
  expect(texts(plot)).toContain('gone FPT: it needs a GPU.');
});

test('steps to a threshold have a logarithmic axis, and the curves show the threshold', () => {
  const steps = { ...published, metric: 'steps' as const, value: 1000, spread: null };
  const run = { id: 'a', metric: 'accuracy' } as RunRow;
  const reached = result(cell('bit-xor', 'FPT', { published: steps, resultIs: 'steps', threshold: 0.75 }), {
    ...{ runs: [run], steps: { threshold: 0.75, runs: [{ id: 'a', step: 100, of: 500, every: 100 }] } },
    judgement: { ...unanswered, verdict: 'not compared', mean: 100, low: 100, high: 100, seeds: 1 },
  });
  const missed = result(cell('listops', 'FPT', { published: steps, resultIs: 'steps', threshold: 0.75 }), {
    ...{ steps: { threshold: 0.75, runs: [{ id: 'b', step: null, of: 500, every: 100 }] } },
    judgement: { ...unanswered, verdict: 'not compared', seeds: 1 },
  });
  const state = stateOf([reached, missed]);
  const plot = draw(
    state,
    testCurvesOf(state, () => [50, 100].map((step) => ({ step, value: step / 100 }))),
  );
  const line = lineOf(plot, 'bit-xor');
  expect(partOf(line, 'floor')).toBeUndefined(); // an accuracy has no place among steps
  expect(placeOf(markOf(line)!)).toBeCloseTo(tickAt(plot, '100'), 0);
  expect(startOf((partOf(line, 'published').children as SvgElement[])[0])).toBeCloseTo(tickAt(plot, '1,000'), 0);
  const [curve] = partsOf(plot).filter(({ attributes }) => attributes['stroke-linejoin'] === 'round');
  const [from, to] = [...String(curve.attributes.d).matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y));
  const threshold = partsOf(plot).find(({ attributes }) => attributes['data-part'] === 'threshold')!;
  expect(Number(/ ([\d.]+)/.exec(String(threshold.attributes.d))![1])).toBeCloseTo((from + to) / 2, 0); // 0.5 to 1
  expect(texts(plot)).toContain('listops FPT: 1 of 1 run did not reach 0.75 in 500 steps.');
});

test('contrasts show their gain with the tolerance around 0; incomparable ones list their differences', () => {
  const contrast = (row: string, verdict: Contrast['verdict'], gain: number): Contrast => ({
    ...{
      row,
      columns: 'FPT over URT',
      metric: 'accuracy',
      verdict,
      unlike: [],
      p: 0.01,
      stands: true,
      tolerance: 0.02,
    },
    difference: { gain, low: gain - 0.01, high: gain + 0.01, error: 0.004, degrees: 4, pairs: null },
  });
  const compared = contrastVerdicts.filter((verdict) => verdict !== 'not compared');
  const contrasts = [
    ...compared.map((verdict, i) => contrast(`row ${i}`, verdict, 0.02 * (2 - i))),
    { ...contrast('cifar10', 'not compared', 0), difference: null, metric: null, unlike: ['Layers 3 against 12'] },
  ];
  const plot = draw(stateOf([], contrasts));
  const lines = compared.map((_, i) => lineOf(plot, `row ${i}`));
  expect(new Set(lines.map((line) => markOf(line)!.attributes['data-mark'])).size).toBe(compared.length);
  const [zero, right] = [tickAt(plot, '0'), tickAt(plot, '0.02')];
  expect(placeOf(markOf(lines[2])!)).toBeCloseTo(zero, 0);
  expect(placeOf(markOf(lines[1])!)).toBeCloseTo(right, 0);
  const { x, width } = partOf(lines[0], 'tolerance').attributes;
  expect((Number(x) + Number(x) + Number(width)) / 2).toBeCloseTo(zero, 0);
  expect(texts(plot)).toContain('cifar10 FPT over URT: Layers 3 against 12.');
});

test('curves are drawn per row: the mean of the seeds, and a band where there are two or more', () => {
  const run = (id: string) => ({ id, metric: 'accuracy' }) as RunRow;
  const results = [
    result(cell('mnist', 'FPT'), { runs: [run('a'), run('b')] }),
    result(cell('mnist', 'URT'), { runs: [run('c')] }),
    result(cell('cifar10', 'URT'), { runs: [run('d')] }),
  ];
  const values: Record<string, number[]> = { a: [0.2, 0.4], b: [0.4, 0.6], c: [0.1, 0.2], d: [] };
  const state = stateOf(results);
  const plot = draw(
    state,
    testCurvesOf(state, (id) => values[id].map((value, i) => ({ step: 50 * i, value }))),
  );
  expect(texts(plot).join()).toMatch(/Test metric over steps/);
  const filled = partsOf(plot).filter(({ attributes }) => attributes['fill-opacity'] === 0.18);
  expect(filled).toHaveLength(1);
  const lines = partsOf(plot).filter(({ attributes }) => attributes['stroke-linejoin'] === 'round');
  expect(lines.map(({ attributes }) => attributes['stroke-dasharray'])).toEqual(['none', '7 3']);
  const heights = [...String(lines[0].attributes.d).matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y));
  const ofOther = [...String(lines[1].attributes.d).matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y));
  // the mean goes from 0.3 to 0.5, the other curve from 0.1 to 0.2
  expect(heights[0] - heights[1]).toBeCloseTo(2 * (ofOther[0] - ofOther[1]), 0);
  expect(texts(draw(state)).join()).not.toMatch(/Test metric over steps/);
});

test('trained weights and score are drawn per column, a mark per body, with the rank correlations', () => {
  const points = (of: 'published' | 'ours', scores: number[]) =>
    scores.map((score, i) => ({ row: `body ${i}`, of, trained: 1000 * (i + 1), score }));
  const correlation = { rho: -0.9, low: -0.99, high: -0.3, points: 5 };
  const found = {
    ...{ column: 'mnist-add', metric: 'mae' as const, published: correlation, ours: null },
    points: [...points('published', [1, 2, 3, 4, 5]), ...points('ours', [3])],
  };
  const plot = draw({ ...stateOf([]), weightsAndScore: [found, { ...found, column: 'few', published: null }] });
  expect(texts(plot)).toEqual(expect.arrayContaining(['mnist-add, error', 'published -0.9 (-0.99 … -0.3)']));
  expect(texts(plot).join()).not.toContain('few');
  const bodies = [0, 1, 2, 3, 4].map((i) => lineOf(plot, `body ${i}, published`));
  const places = bodies.map((body) => /translate\(([\d.]+) ([\d.]+)/.exec(String(markOf(body)!.attributes.transform))!);
  for (const i of [1, 2, 3, 4]) {
    expect(Number(places[i][1])).toBeGreaterThan(Number(places[i - 1][1])); // more weights, further right
    expect(Number(places[i][2])).toBeGreaterThan(Number(places[i - 1][2])); // a larger error, further down
  }
  const [published, ours] = [bodies[0], lineOf(plot, 'body 0, ours')].map(
    (body) => markOf(body)!.attributes['data-mark'],
  );
  expect(published).not.toBe(ours);
});

test('runs that two rows share have one chart, that with the threshold; accuracies of 0.5 and more have an axis from there', () => {
  const runs = [{ id: 'a', metric: 'accuracy' } as RunRow];
  const counted = result(cell('mnist: steps', 'FPT', { published: null, resultIs: 'steps', threshold: 0.75 }), {
    ...{ metric: 'steps', runs, steps: { threshold: 0.75, runs: [{ id: 'a', step: 100, of: 100, every: 50 }] } },
  });
  const state = stateOf([result(cell('mnist', 'FPT'), { runs }), counted]);
  const charts = (values: number[]) => {
    const curves = testCurvesOf(state, () => values.map((value, i) => ({ step: 50 * i, value })));
    const all = texts(draw(state, curves));
    return all.slice(all.findIndex((text) => text.startsWith('Test metric over steps')));
  };
  expect(charts([0.6, 0.9])).toContain('mnist: steps');
  expect(charts([0.6, 0.9])).not.toContain('mnist');
  const zeros = (values: number[]) => charts(values).filter((text) => text === '0').length;
  expect([zeros([0.6, 0.9]), zeros([0.4, 0.9])]).toEqual([1, 2]); // of the steps, and of the accuracy
});

test('a run that diverged has no mark, and its curve ends where it did', () => {
  const judged = { ...judgement, mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  const run = { id: 'a', metric: 'accuracy' } as RunRow;
  const state = stateOf([result(cell('mnist', 'FPT'), { judgement: judged, runs: [run] })]);
  const curves = testCurvesOf(state, () => [0.1, 0.2, Number.NaN].map((value, step) => ({ step, value })));
  const plot = draw(state, curves);
  expect(markOf(lineOf(plot, 'mnist'))).toBeUndefined();
  expect(contentOf(lineOf(plot, 'mnist'))).toContain('Ours NaN');
  const places = partsOf(plot).flatMap(({ attributes }) => [attributes.d, attributes.x, attributes.transform]);
  expect(places.join(' ')).not.toContain('NaN');
});

test('a table without cells says so', () => {
  const plot = draw(stateOf([]));
  expect(texts(plot)).toEqual(['No cell of this table has a number yet.']);
});

test('a cell without any number is listed instead of drawn', () => {
  const untrained = ['FPT', 'URT'].map((column) =>
    result(cell('listops', column, { published: null }), { judgement: unanswered }),
  );
  const plot = draw(stateOf([result(cell('mnist', 'FPT')), ...untrained]));
  expect(lineOf(plot, 'listops')).toBeUndefined();
  expect(texts(plot)).toContain('listops FPT; listops URT: no published number, and not trained yet.');
  expect(texts(draw(stateOf(untrained)))).toContain('listops FPT; listops URT: not trained yet.');
});

test('names are escaped, and long ones are shortened but available in full', () => {
  const hostile = '</text><script>alert("1")</script>&';
  const long = 'a column with a name that is far longer than anything that fits beside a plot';
  const state = stateOf([result(cell(hostile, long)), result(cell(hostile, 'b'))]);
  const { svg } = forestPlotSvg({ ...state, table: { ...table, title: hostile } }, new Map(), '2026-12-01');
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;/text&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;');
  expect(texts(draw(state)).some((text) => text.startsWith('a column') && text.endsWith('…'))).toBe(true);
  expect(contentOf(draw(state))).toContain(long);
});

test.each([560, 900, 1200])('at %i pixels no mark leaves the plot and no text the picture', (width) => {
  const results = verdicts.flatMap((verdict, i) => [
    result(cell(`row ${i}`, 'a rather long column of this table'), {
      judgement: { ...judgement, verdict, moreSeeds: 12 },
    }),
    result(cell(`row ${i}`, 'URT')),
  ]);
  const plot = draw(stateOf(results), new Map(), width);
  for (const part of partsOf(plot).filter(({ tag }) => tag === 'text')) {
    if (part.attributes['text-anchor']) continue;
    expect(
      Number(part.attributes.x) + 0.55 * Number(part.attributes['font-size']) * contentOf(part).length,
      contentOf(part),
    ).toBeLessThan(width);
  }
});

test('a file has the title, a description, the sources and the date', () => {
  const { svg, width, height } = forestPlotSvg(stateOf([result(cell('mnist', 'FPT'))]), new Map(), '2026-12-01');
  expect(svg).toContain(`viewBox="0 0 ${width} ${height}" font-family=`);
  expect(svg).toContain('role="img"');
  for (const text of [
    '<title id="forest-title">What helps, as a forest plot<',
    '1 cell: 1 reproduced.',
    '>Sources: a source.<',
  ])
    expect(svg).toContain(text);
  expect(svg).toContain('profile paper, 2026-12-01.');
});
