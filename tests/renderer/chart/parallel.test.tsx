/** Where the axes, marks and lines of parallel coordinates lie. */
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { ParallelPicture } from '#renderer/chart/ParallelPicture.tsx';
import { linePath, placedAxis, resultAxis, spansPowers } from '#renderer/chart/parallel';

const axis = (values: (string | number | boolean | null)[], isLog = false) =>
  placedAxis({ label: 'x', values, isLog }, 100);
const marks = (values: (string | number | boolean | null)[], isLog = false) =>
  axis(values, isLog).ticks.map(({ y, text }) => [Math.round(y), text]);

describe('an axis', () => {
  test('labels each of a few numbers, the largest on top', () => {
    expect(axis([1, 3, 2]).crossings).toEqual([100, 0, 50]);
    expect(marks([1, 3, 2])).toEqual([[100, '1'], [50, '2'], [0, '3']]); // biome-ignore format: as a table
  });

  test('gives equal ratios equal room on a log scale', () => {
    expect(axis([1e-4, 1e-3, 1e-2], true).crossings).toEqual([100, 50, 0]);
    expect(marks([1e-4, 1e-2], true)).toEqual([[100, '0.0001'], [0, '0.01']]); // biome-ignore format: as a table
    expect(axis([0, 1], true).crossings).toEqual([100, 0]); // 0 has no logarithm
  });

  test('labels round numbers and both ends if there are many numbers', () => {
    const texts = marks(Array.from({ length: 30 }, (_, i) => 3 + i)).map(([, text]) => text);
    expect(texts[0]).toBe('3');
    expect(texts.at(-1)).toBe('32');
    expect(texts).toContain('20');
    expect(texts.length).toBeLessThan(9);
  });

  test('spaces words evenly, with unset values lowest', () => {
    expect(marks(['gpt2', null, 'lstm', 'gpt2'])).toEqual([[100, 'not set'], [50, 'lstm'], [0, 'gpt2']]); // biome-ignore format: as a table
    expect(marks([true, false]).map(([, text]) => text)).toEqual(['on', 'off']);
    expect(marks([null, 4, 2]).map(([, text]) => text)).toEqual(['not set', '2', '4']);
  });

  test('leaves out labels that have no room', () => {
    const many = Array.from({ length: 40 }, (_, i) => `word ${String(i).padStart(2, '0')}`);
    expect(marks(many).length).toBeLessThanOrEqual(8);
    expect(axis(many).crossings).toHaveLength(40);
  });

  test('one value lies in the middle', () => expect(axis([5]).crossings).toEqual([50]));
});

test('a line without a result ends before the axis of results', () => {
  const axes = [axis([1, 2]), resultAxis('Final', [0.5, null], 100)];
  expect(linePath(axes, [10, 90], 0)).toBe('M10.0 100.0L90.0 50.0');
  expect(linePath(axes, [10, 90], 1)).toBe('M10.0 0.0');
  expect(resultAxis('Final', [null], 100)).toEqual({ label: 'Final', ticks: [], crossings: [null] });
});

test('an exported picture is self-contained: title, background, every axis and line, nothing to fetch', () => {
  const axes = [axis([1, 12_345]), resultAxis('Final accuracy', [0.5, null], 100)];
  const lines = [
    { id: 'a', label: 'a', share: 1 },
    { id: 'b', label: 'b', share: null },
  ];
  const svg = renderToStaticMarkup(
    <ParallelPicture title="A & B" axes={axes} lines={lines} width={0} height={100} scheme="light" at={null} isFile />,
  );
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).toContain('>A &amp; B</text>');
  expect(svg).toContain('<rect width="100%" height="100%" fill="#ffffff">');
  expect(svg).toContain('>12,345</text>');
  expect(svg.match(/data-line/g)).toHaveLength(2);
  expect(svg).toContain('stroke-dasharray="4 4"'); // without a result
  expect(svg).not.toMatch(/var\(|url\(|href/);
});

test('numbers that span two powers of ten get a log axis', () => {
  expect(spansPowers([1e-5, 1e-2])).toBe(true);
  expect(spansPowers([1, 50])).toBe(false);
  expect(spansPowers([0, 1000])).toBe(false);
});
