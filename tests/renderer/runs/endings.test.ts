import { expect, test } from 'vitest';
import type { RunState } from '#contract/run';
import { endingsOf, withSeen } from '#renderer/runs/endings';
import { runRow } from './rows.ts';

const row = (id: string, state: RunState, name = id) => runRow({ name }, { id, state });
const told = (before: ReturnType<typeof row>[], after: ReturnType<typeof row>[]) =>
  endingsOf(before, after, ['regimes', 'q1-fpt']).map(({ title, body }) => [title, body]);

test('a run that ends is announced with its result or its reason; one that was stopped, or that ended before, is not', () => {
  const before = ['a', 'b', 'c', 'd'].map((id) => row(id, id === 'd' ? 'finished' : 'running'));
  const failed = { ...row('b', 'failed'), value: null, reason: { code: 'nan', message: 'The loss is not a number.' } };
  expect(
    told(before, [row('a', 'finished'), failed, row('c', 'stopped'), row('d', 'finished'), row('new', 'failed')]),
  ).toEqual([
    ['a (seed 0) finished', 'accuracy 0.9400'],
    ['b (seed 0) failed', 'The loss is not a number.'],
  ]);
});

test('many runs that end at once are announced in one sentence', () => {
  const ids = ['a', 'b', 'c'];
  const after = ids.map((id) => row(id, id === 'b' ? 'crashed' : 'finished'));
  expect(
    told(
      ids.map((id) => row(id, 'running')),
      after,
    ),
  ).toEqual([['3 runs ended', '2 finished, 1 crashed']]);
});

test('the runs of a table are announced once, when the last of them ends', () => {
  const table = (one: RunState, two: RunState) => [
    row('a', one, 'regimes/mnist/FPT quick'),
    row('b', two, 'regimes/mnist/FRT quick'),
  ];
  expect(told(table('running', 'queued'), table('finished', 'running'))).toEqual([]);
  expect(told(table('finished', 'running'), table('finished', 'failed'))).toEqual([
    ['The runs of the table regimes have ended', 'The last to end: 1 failed'],
  ]);
});

test('a run that starts and ends between two readings is announced; one that appears ended, as after a rebuild, is not', () => {
  const seen = withSeen([row('resumed', 'paused')], [row('resumed', 'running'), row('new', 'queued')]);
  const after = [row('resumed', 'finished'), row('new', 'finished'), row('rebuilt', 'finished')];
  expect(told(withSeen(seen, after), after).map(([title]) => title)).toEqual([
    'resumed (seed 0) finished',
    'new (seed 0) finished',
  ]);
});
