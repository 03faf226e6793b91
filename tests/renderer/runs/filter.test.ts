import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesFilter, parseFilter } from '#renderer/runs/filter';
import { fieldHelp } from '#renderer/runs/filterFields';
import { runRow } from './rows.ts';

const now = Date.UTC(2026, 10, 25);
const holds = (text: string, row = runRow()): boolean => {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem.message}`);
  return matchesFilter(parsed.filter, row, now);
};
const problem = (text: string) => {
  const parsed = parseFilter(text);
  return parsed.ok ? null : parsed.problem;
};

const vit = runRow(
  { task: 'cifar10', model_name: 'vit', learning_rate: 0.01, seed: 3, name: 'Night run' },
  { state: 'failed', value: null, best: 0.4, tags: ['sweep', 'day 2'], note: 'Loss spike at\nstep 400' },
);

describe('a filter', () => {
  test.each([
    ['', true, true],
    ['task:mnist', true, false],
    ['TASK:MNIST', true, false],
    ['task:mnist,cifar10', true, true],
    ['task!=mnist', false, true],
    ['task:cifar*', false, true],
    ['model:gpt2 acc>0.9', true, false],
    ['model:gpt2 OR model:vit', true, true],
    ['acc>0.9 (model:gpt2 OR model:vit) -state:failed', true, false],
    ['acc>0.3 (model:gpt2 OR model:vit) NOT state:finished', false, true],
    ['acc>=94%', true, false],
    ['acc<=.4', false, true],
    ['acc:0.94', true, false],
    ['mae<1', false, false],
    ['regime:fpt', true, true],
    ['lr>0.005', false, true],
    ['learning_rate:0.01', false, true],
    ['seed:3', false, true],
    ['freeze_ln:false', true, true],
    ['n_layer>2', false, false],
    ['tag:sweep', false, true],
    ['tag:"day 2"', false, true],
    ['tag!=sweep', true, false],
    ['step>4k trainable<1M', true, true],
    ['duration>=1h', true, true],
    ['duration<59m', false, false],
    ['age<7d', true, true],
    ['age<1d', false, false],
    ['note:spike', false, true],
    ['"loss spike"', false, true],
    ['night', false, true],
    ['-night', true, false],
    ['bit-xor', false, false],
    ['-(task:mnist OR state:failed)', false, false],
    ['task:mnist AND seed:0', true, false],
    ['device:onnx', true, true],
  ])('%s', (text, first, second) => {
    expect([holds(text), holds(text, vit)]).toEqual([first, second]);
  });

  test('binds AND before OR', () => {
    expect(holds('task:mnist OR task:mnist seed:7')).toBe(true);
    expect(holds('(task:mnist OR task:mnist) seed:7')).toBe(false);
  });

  test('never matches a run that has no value, whatever the operator', () => {
    for (const operator of ['<', '>', '=', '!=']) expect(holds(`final${operator}0.5`, vit)).toBe(false);
  });
});

describe('an error', () => {
  test.each([
    ['task:mnist modle:gpt2', 11, 5, /no field modle. Did you mean model\?/],
    ['acc>high', 4, 4, /acc is a number; high is none/],
    ['task>mnist', 5, 5, /task is a word and has no order; write task:mnist/],
    ['state:finishd', 6, 7, /never finishd. Did you mean finished\?/],
    ['duration>2x', 9, 2, /duration is a time/],
    ['task:mnist (acc>0.9', 11, 1, /never closed/],
    ['acc>0.9)', 7, 1, /never opened/],
    ['note:"half', 5, 5, /quote is never closed/],
    ['acc>', 0, 4, /value after > to compare acc with/],
    ['task:mnist OR', 11, 2, /missing after OR/],
    ['OR task:mnist', 0, 2, /missing before OR/],
    ['()', 1, 1, /missing before \)/],
    ['task:mnist -', 11, 1, /missing after -/],
  ])('of %s stands where it is and says what to do', (text, at, length, message) => {
    expect(problem(text)).toMatchObject({ at, length, message: expect.stringMatching(message) });
  });

  test('points inside the text, whatever is typed', () => {
    const piece = fc.constantFrom(
      'task',
      'acc',
      ':',
      '>',
      '(',
      ')',
      '"',
      '-',
      ' ',
      'OR',
      'AND',
      'NOT',
      '0.9',
      ',',
      '\\',
      '*',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const found = problem(text);
        if (found) expect(found.at + found.length).toBeLessThanOrEqual(text.length);
        else holds(text);
      }),
      { seed: 1 },
    );
  });
});

test('every field in the help can be used', () => {
  for (const [name] of fieldHelp()) expect(problem(`${name}:*`)?.message ?? '').not.toMatch(/no field/);
});

test.each(['constructor', 'toString', '__proto__'])('the word %s is searched for like any other text', (word) => {
  expect(parseFilter(word)).toEqual({ ok: true, filter: { kind: 'text', text: word.toLowerCase() } });
});
