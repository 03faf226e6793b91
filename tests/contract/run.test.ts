import { expect, it } from 'vitest';
import { randomStream } from '#contract/random';
import { decodeEntry, encodeEntry, type JournalEntry } from '#contract/run';

const entry: JournalEntry = { seq: 3, at: 12, body: { kind: 'metrics', rows: [['train_loss', 5, 0.25]] } };

it('a journal line is one line of JSON that decodes to its entry', () => {
  const line = encodeEntry(entry);
  expect(line.endsWith('\n')).toBe(true);
  expect(JSON.parse(line).entry).toEqual(entry);
  expect(decodeEntry(line.trimEnd())).toEqual(entry);
});

it('a line that is incomplete or altered in any byte decodes to null', () => {
  const line = encodeEntry(entry).trimEnd();
  for (let length = 0; length < line.length; length++) expect(decodeEntry(line.slice(0, length))).toBeNull();
  for (let at = 0; at < line.length; at++) {
    const altered = line.slice(0, at) + (line[at] === '7' ? '8' : '7') + line.slice(at + 1);
    expect(decodeEntry(altered), altered).toBeNull();
  }
});

it('random streams are determined by their names and look independent', () => {
  const draw = (...names: (string | number)[]) => {
    const random = randomStream(...(names as [number]));
    return Array.from({ length: 1000 }, () => random.uniform());
  };
  expect(draw(1, 'train', 5)).toEqual(draw(1, 'train', 5));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const streams = [draw(1, 'train', 5), draw(1, 'train', 6), draw(2, 'train', 5), draw(1, 'test', 5)];
  for (const [i, a] of streams.entries()) {
    expect(mean(a)).toBeCloseTo(0.5, 1);
    for (const b of streams.slice(i + 1))
      expect(Math.abs(mean(a.map((v, k) => (v - 0.5) * (b[k] - 0.5))))).toBeLessThan(0.01);
  }
  const normals = Array.from(
    { length: 20000 },
    (
      (random) => () =>
        random.normal()
    )(randomStream(4, 'normal')),
  );
  expect(mean(normals)).toBeCloseTo(0, 1);
  expect(mean(normals.map((v) => v * v))).toBeCloseTo(1, 1);
  expect([...randomStream(9, 'order').permutation(50)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
});
