import { expect, test } from 'vitest';
import { spectrogramOf } from '#zoo/spectrogram';

const tone = (hertz: number, from: number, to: number) =>
  Float32Array.from({ length: 8000 }, (_, i) => (i >= from && i < to ? Math.sin((2 * Math.PI * hertz * i) / 8000) : 0));

test('a tone is one bright row at its pitch while it lasts, and silence is black', () => {
  const { columns, rows, levels } = spectrogramOf(tone(1000, 2000, 6000));
  expect([columns, rows, levels.length]).toEqual([100, 64, 6400]);
  const column = (at: number) => Array.from({ length: rows }, (_, row) => levels[row * columns + at]);
  const bright = column(50);
  expect(rows - 1 - bright.indexOf(Math.max(...bright))).toBe(16); // 62.5 Hz a row
  expect(Math.max(...bright)).toBeGreaterThan(250);
  expect(bright[5]).toBe(0);
  expect(Math.max(...column(5), ...column(95))).toBe(0);
  expect(spectrogramOf(new Float32Array(8000)).levels.every((level) => level === 0)).toBe(true);
});

test('its power equals that of a plain Fourier sum', () => {
  const x = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * i) + Math.cos(i / 3));
  const { columns, rows, levels } = spectrogramOf(x);
  const power = (column: number, bin: number) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < 256; i++) {
      const value = (x[80 * column - 88 + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 256));
      re += value * Math.cos((2 * Math.PI * bin * i) / 256);
      im += value * Math.sin((2 * Math.PI * bin * i) / 256);
    }
    return re * re + im * im;
  };
  const expected = Array.from({ length: rows }, (_, row) =>
    Array.from(
      { length: columns },
      (_, column) => power(column, 2 * (rows - 1 - row)) + power(column, 2 * (rows - row) - 1),
    ),
  ).flat();
  const loudest = Math.max(...expected);
  expected.forEach((value, i) => {
    expect(Math.abs(levels[i] - 255 * Math.max(0, 1 + Math.log10(value / loudest) / 6))).toBeLessThanOrEqual(0.51);
  });
});
