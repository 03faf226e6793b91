import { expect, test } from 'vitest';
import { columnOf } from '#renderer/runs/columns';
import { secondsLeft, timeLeftText } from '#renderer/runs/secondsLeft';
import { runRow } from './rows.ts';

test('time left follows from the pace so far, and is not guessed before the first step', () => {
  expect(secondsLeft({ seconds: 10, step: 100, totalSteps: 500 })).toBe(40);
  expect(secondsLeft({ seconds: 0, step: 0, totalSteps: 500 })).toBeNull();
});

test('a running run says how long it still takes, other runs do not', () => {
  const pace = { seconds: 10, step: 100, totalSteps: 500 };
  expect(timeLeftText(pace)).toBe('at most 40 s left');
  expect(timeLeftText({ ...pace, seconds: 0, step: 0 })).toBe('time left unknown');
  expect(columnOf('left')?.text(runRow({}, { ...pace, state: 'running' }))).toBe('40 s');
  expect(columnOf('left')?.text(runRow({}, { ...pace, state: 'finished' }))).toBe('');
});
