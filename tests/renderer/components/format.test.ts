import { expect, test } from 'vitest';
import { bytes, duration, metricValue, percent } from '#renderer/components/format';

test.each([
  [0, '0.0 s'],
  [9.96, '10.0 s'],
  [59.6, '1 min 00 s'],
  [200, '3 min 20 s'],
  [7500, '2 h 05 min'],
  [273_600, '3 d 4 h'],
  [Number.POSITIVE_INFINITY, ''],
])('%d seconds read %s', (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [150 * 2 ** 20, '150 MiB'],
  [2 ** 60, '1048576 TiB'],
])('%d bytes read %s', (value, text) => expect(bytes(value)).toBe(text));

test('accuracies have four digits, errors above one four significant ones, and nothing stays empty', () => {
  expect(metricValue(0.97654, 'accuracy')).toBe('0.9765');
  expect(metricValue(1, 'accuracy')).toBe('1.0000');
  expect(metricValue(12.3456, 'mae')).toBe('12.35');
  expect(metricValue(0.012345, 'mae')).toBe('0.0123');
  expect(metricValue(null, 'mae')).toBe('');
  expect(metricValue(Number.NaN, 'mae')).toBe('NaN');
});

test('shares read as whole percents', () => expect(percent(0.426)).toBe('43 %'));
