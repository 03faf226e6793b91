import { expect, test } from 'vitest';
import { secondsLeft } from '#renderer/runs/secondsLeft';

test('time left follows from the pace so far, and is not guessed before the first step', () => {
  expect(secondsLeft({ seconds: 10, step: 100, totalSteps: 500 })).toBe(40);
  expect(secondsLeft({ seconds: 0, step: 0, totalSteps: 500 })).toBeNull();
});
