import { describe, expect, test } from 'vitest';
import { linearTicks, logTicks, tickLabel } from '#pictures/ticks';
import { caption, extentOf, type Series } from '#renderer/chart/series';
import { chartSvg } from '#renderer/chart/svg';
import { tableCsv, tableRows } from '#renderer/chart/table';
import { moved, widened } from '#renderer/chart/zoom';

const series = (label: string, ys: number[], more: Partial<Series> = {}): Series => ({
  id: label,
  label,
  color: '#228be6',
  points: ys.map((y, i) => ({ x: i + 1, y })),
  ...more,
});

describe('the caption', () => {
  test('says that all points are drawn when they are', () => {
    expect(caption({ series: [series('a', [1, 2])], range: null, logScale: false })).toBe('All 2 points drawn.');
  });

  test('says how many points are drawn, out of how many, and how they were chosen', () => {
    const text = caption({ series: [series('a', [1, 2], { total: 1_000_000 })], range: null, logScale: false });
    expect(text).toMatch(/^2 of 1,000,000 points drawn: the lowest and the highest of each stretch/);
  });

  test('counts raw points, not the smoothed line', () => {
    const smooth = series('a', [1], { raw: series('a', [1, 2, 3]).points });
    expect(caption({ series: [smooth], range: null, logScale: false })).toBe('All 3 points drawn.');
  });

  test('says what a log axis cannot show', () => {
    expect(caption({ series: [series('a', [0, 1, -2])], range: null, logScale: true })).toMatch(/2 at or below 0/);
  });

  test('tells a run without points from a range without points', () => {
    expect(caption({ series: [], range: null, logScale: false })).toBe('No points yet.');
    expect(caption({ series: [series('a', [1])], range: [5, 6], logScale: false })).toBe('No points in this range.');
  });
});

describe('ticks', () => {
  test.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 17, [0, 5, 10, 15]],
    [0.00012, 0.00047, [0.0002, 0.0003, 0.0004]],
    [2, 2, [2]],
  ])('round numbers between %d and %d', (low, high, ticks) => expect(linearTicks(low, high)).toEqual(ticks));

  test('powers of ten, and between them where there are few', () => {
    expect(logTicks(0.001, 1000)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
    expect(logTicks(0.3, 3)).toEqual([0.5, 1, 2]);
  });

  test.each([
    [0.1 + 0.2, '0.3'],
    [12345678, '1.2345678e7'],
    [40000, '40,000'],
    [0.00001, '1e-5'],
    [0, '0'],
  ])('%d reads %s', (value, text) => expect(tickLabel(value)).toBe(text));
});

describe('the table', () => {
  const two = [series('train', [1, 2, 3]), { ...series('test, mean', [9]), points: [{ x: 2, y: 9 }] }];

  test('has a row per x, in order, with gaps where a series has none', () => {
    expect(tableRows(two, null)).toEqual([
      [1, 1, null],
      [2, 2, 9],
      [3, 3, null],
    ]);
    expect(tableRows(two, [2, 3]).map(([x]) => x)).toEqual([2, 3]);
  });

  test('becomes CSV with quoted labels', () => {
    expect(tableCsv('step', two, tableRows(two, [2, 2]))).toBe('step,train,"test, mean"\r\n2,2,9\r\n');
  });
});

describe('the SVG', () => {
  const options = { title: 'Loss <b>', xLabel: 'step', yLabel: 'loss', logScale: false, range: null };

  test('escapes names', () => {
    const svg = chartSvg({ ...options, series: [series('a & b', [1, 2])] });
    expect(svg).toContain('Loss &lt;b&gt;');
    expect(svg).toContain('a &amp; b');
  });

  test('puts equal ratios at equal distances on a log axis', () => {
    const svg = chartSvg({ ...options, series: [series('a', [1, 10, 100])], logScale: true });
    const ys = [...svg.match(/<path d="(M[^"]+)" fill="none"/)![1].matchAll(/ ([\d.]+)/g)].map((m) => Number(m[1]));
    expect(ys[0] - ys[1]).toBeCloseTo(ys[1] - ys[2], 1);
  });

  test('leaves out what a log axis cannot show instead of drawing NaN', () => {
    const svg = chartSvg({ ...options, series: [series('a', [0, 1, 2])], logScale: true });
    expect(svg).not.toContain('NaN');
  });

  test.each([[[]], [[1]], [[2, 2]]])('draws %j without NaN', (ys) => {
    expect(chartSvg({ ...options, series: [series('a', ys)] })).not.toContain('NaN');
  });

  test('is drawn with its references and its interval', () => {
    const band = [
      { x: 1, low: 0, high: 2 },
      { x: 2, low: 1, high: 3 },
    ];
    const svg = chartSvg({
      ...options,
      series: [series('a', [1, 2], { band })],
      references: [{ label: 'published', value: 1.5, low: 1.4, high: 1.6 }],
    });
    expect(svg).toContain('published');
    expect(svg).toContain('fill-opacity="0.18"');
  });
});

describe('ranges', () => {
  test('extend over raw and smoothed points', () => {
    expect(extentOf([series('a', [1, 2], { raw: series('a', [1, 2, 3]).points })])).toEqual([1, 3]);
    expect(extentOf([])).toBeNull();
  });
  test('widen around their middle and move by a part of their width', () => {
    expect(widened([0, 10], 0.5)).toEqual([2.5, 7.5]);
    expect(moved([0, 10], 0.2)).toEqual([2, 12]);
  });
});
