import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { type ConfigField, configDefaults, configFields, fieldMeta, parseConfig } from '#contract/config';
import { readSetting } from '#contract/readSetting';
import { choosePreset } from '#renderer/pages/newRun/choose';
import { commandOf, gridCommand } from '#renderer/pages/newRun/command';
import { controlOf, fieldsOf, formGroups, readNumber, readSizes } from '#renderer/pages/newRun/controls';
import { expectation, firstDraft, reportErrors, schemaErrors } from '#renderer/pages/newRun/draft';
import { axisProblem, axisValues, expandGrid, mostRuns } from '#renderer/pages/newRun/grid';

describe('controls', () => {
  test('follow the schema: type, limits and whether a field may be empty', () => {
    expect(controlOf('pretrained')).toEqual({ kind: 'switch', optional: false, initial: true });
    expect(controlOf('variant')).toMatchObject({ kind: 'choice', choices: ['corrected', 'reference'] });
    expect(controlOf('n')).toMatchObject({ kind: 'number', whole: true, low: 1, high: 100000, optional: true });
    expect(controlOf('learning_rate')).toMatchObject({ kind: 'number', whole: false, high: 10, optional: false });
    expect(controlOf('in_layer_sizes')).toMatchObject({ kind: 'sizes', optional: true });
    expect(controlOf('name')).toMatchObject({ kind: 'text', optional: false });
  });

  test('every field of the schema is in the form exactly once when its task reads it', () => {
    const shown = formGroups.flatMap(({ group }) => fieldsOf(group, configFields));
    expect([...shown].sort()).toEqual([...configFields].sort());
  });

  test('task fields that the task does not read are left out', () => {
    expect(fieldsOf('task', ['patch_size'])).toEqual(['task', 'patch_size', 'variant']);
    expect(fieldsOf('training', [])).toContain('learning_rate');
  });

  test.each([
    ['1e-3', 0.001],
    [' 25 ', 25],
    ['', null],
    ['fast', 'fast'],
  ])('typing %j means %j', (text, value) => expect(readNumber(text, false)).toEqual(value));

  test('typing 1.000 into a whole number does not mean 1', () => {
    expect(readNumber('1.000', true)).toBe('1.000');
    expect(readNumber('1.000', false)).toBe(1);
    expect(readSizes('1.000')).toEqual(['1.000']);
    expect(axisValues({ field: 'seed', text: '1.000' })).toEqual(['1.000']);
    expect(axisProblem({ field: 'n', text: '1.000..2.000' })).toMatch(/A range is written as/);
  });

  test('layer sizes are read with commas or spaces', () => {
    expect(readSizes('64, 32')).toEqual([64, 32]);
    expect(readSizes('')).toBeNull();
    expect(readSizes('64, wide')).toEqual([64, 'wide']);
  });
});

const sizes = {
  title: 'GPT-2',
  layers: 2,
  width: 8,
  heads: 2,
  positions: 64,
  canBePretrained: true,
  tasks: ['bit-xor'],
};
const bodies = [
  { name: 'far', hasWeights: false, ...sizes },
  { name: 'at-hand', hasWeights: true, ...sizes },
];
const first = firstDraft({ bodies });

describe('a draft', () => {
  test('the first one is a valid config on the first body with weights on this machine', () => {
    expect(schemaErrors(first)).toEqual({});
    expect(first.model_name).toBe('at-hand');
    expect(firstDraft({ bodies: [] }).model_name).toBe(configDefaults.model_name);
  });

  test('each wrong field gets one sentence that says what it accepts', () => {
    const errors = schemaErrors({
      ...first,
      n: 'five',
      learning_rate: null,
      dropout: 2,
      in_layer_sizes: ['x'],
      name: '',
    });
    expect(Object.keys(errors).sort()).toEqual(['dropout', 'in_layer_sizes', 'learning_rate', 'n', 'name']);
    expect(errors.n).toBe('n takes a whole number from 1 up to 100000, or nothing.');
    expect(errors.dropout).toMatch(/from 0 up to 0.95/);
    expect(errors.name).toBe('Name must be filled in.');
  });

  test('a name that is too long is not called empty', () => {
    expect(schemaErrors({ ...first, name: 'x'.repeat(201) })).toEqual({ name: 'Name takes at most 200 characters.' });
  });

  test('every field says what it accepts by its own label', () => {
    for (const field of configFields) expect(expectation(field)).toContain(fieldMeta(field).label);
  });

  test("the app's errors appear at their fields, the first one for each field", () => {
    const report = {
      ok: false as const,
      errors: [
        { field: 'n' as const, message: 'first' },
        { field: 'n' as const, message: 'second' },
        { field: null, message: 'all of it' },
      ],
    };
    expect(reportErrors(report)).toEqual({ fields: { n: 'first' }, rest: ['all of it'] });
  });

  const preset = { id: 'x', group: 'g', title: 'Cell', source: '', published: null, missing: null, isPossible: true };
  test('a published preset resets other fields but keeps seed and device', () => {
    const draft = { ...first, learning_rate: 0.5, seed: 7, device: 'cpu' };
    const filled = choosePreset(draft, {
      ...preset,
      whole: true,
      settings: { task: 'mnist', patch_size: 4, batch_size: 50 },
    });
    expect(filled).toMatchObject({ task: 'mnist', n: null, learning_rate: 0.001, seed: 7, device: 'cpu' });
    expect(filled).toMatchObject({ batch_size: 50, gpu_batch_size: 50, name: 'Cell' });
  });
  test('a regime changes its own fields only', () => {
    const filled = choosePreset(
      { ...first, learning_rate: 0.5 },
      { ...preset, whole: false, settings: { pretrained: false } },
    );
    expect(filled).toEqual({ ...first, learning_rate: 0.5, pretrained: false });
  });
});

describe('a grid', () => {
  test.each([
    [{ field: 'seed' as const, text: '0..3' }, [0, 1, 2, 3]],
    [{ field: 'seed' as const, text: '1, 1, 5' }, [1, 5]],
    [{ field: 'learning_rate' as const, text: '1e-3, 0.01' }, [0.001, 0.01]],
    [{ field: 'learning_rate' as const, text: '1e-4..1e-2:log:3, 1' }, [0.0001, 0.001, 0.01, 1]],
    [{ field: 'early_stop' as const, text: 'empty, 10' }, [null, 10]],
    [{ field: 'freeze_ln' as const, text: 'on, off' }, [true, false]],
    [{ field: 'in_layer_sizes' as const, text: '64, 32; empty' }, [[64, 32], null]],
    [{ field: 'variant' as const, text: 'corrected,reference' }, ['corrected', 'reference']],
    [{ field: 'seed' as const, text: '' }, []],
  ])('reads %j', (axis, values) => expect(axisValues(axis)).toEqual(values));

  test('says what is wrong with a range, or that there are no values', () => {
    expect(axisProblem({ field: 'seed', text: '0..2000000000' })).toMatch(
      /A range is written as .*found "0\.\.2000000000"/,
    );
    expect(axisProblem({ field: 'learning_rate', text: '0..1:log:3' })).toMatch(/needs positive ends/);
    expect(axisProblem({ field: 'freeze_ln', text: ' ' })).toBe('Write values as on, off.');
    expect(axisProblem({ field: 'name', text: 'a..b' })).toBeNull();
    expect(axisProblem({ field: 'seed', text: '0..4' })).toBeNull();
  });

  test('makes every combination, the first field slowest', () => {
    const drafts = expandGrid(first, [
      { field: 'freeze_ln', text: 'on, off' },
      { field: 'seed', text: '0..1' },
    ]);
    expect(drafts.map((d) => [d.freeze_ln, d.seed])).toEqual([
      [true, 0],
      [true, 1],
      [false, 0],
      [false, 1],
    ]);
  });

  test('a value that does not fit a later one is refused, not replaced, which would train another run twice', () => {
    const drafts = expandGrid(first, [
      { field: 'precision', text: 'fp32, mixed' },
      { field: 'device', text: 'cpu, webgpu' },
    ]);
    expect(drafts.map((d) => [d.precision, d.device])).toEqual([
      ['fp32', 'cpu'],
      ['fp32', 'webgpu'],
      ['mixed', 'cpu'],
      ['mixed', 'webgpu'],
    ]);
    expect(drafts.map((d) => schemaErrors(d).precision === undefined)).toEqual([true, true, false, true]);
    const [, blocks] = expandGrid(first, [{ field: 'trained_attn_blocks', text: 'empty, 1' }]);
    expect(schemaErrors(blocks).trained_attn_blocks).toMatch(/^trained_attn_blocks limits the training of attention/);
  });

  test('an axis without values changes nothing, and a huge one stops one past the limit', () => {
    expect(expandGrid(first, [{ field: 'seed', text: ' ' }])).toEqual([first]);
    const axes = (['seed', 'n'] as const).map((field) => ({ field, text: '1..40' }));
    expect(expandGrid(first, axes)).toHaveLength(mostRuns + 1);
  });
});

describe('the command of a grid', () => {
  const base = parseConfig({ task: 'mnist', patch_size: 4, learning_rate: 0.5, seed: 9 });
  const command = (...axes: [field: ConfigField, text: string][]) => {
    const written = axes.map(([field, text]) => ({ field, text }));
    return gridCommand(
      expandGrid(base, written).map((draft) => parseConfig(draft)),
      written,
    ).split('\n');
  };
  const sweep = 'npm run -s permafrost -- sweep --set task=mnist --set patch_size=4';

  test('is one sweep, whose seeds count up from the first', () => {
    expect(command(['learning_rate', '1e-4..1e-2:log:3'], ['early_stop', 'empty, 5'], ['seed', '3..5'])).toEqual([
      `${sweep} --set seed=3 --grid learning_rate=0.0001,0.001,0.01 --grid early_stop=null,5 --seeds 3`,
    ]);
    expect(command(['freeze_ln', 'on, off'])).toEqual([
      `${sweep} --set learning_rate=0.5 --set seed=9 --grid freeze_ln=true,false --seeds 1`,
    ]);
    expect(command(['seed', '0..1'])).toEqual([`${sweep} --set learning_rate=0.5 --seeds 2`]);
  });

  test('is one run per line where no sweep can express its seeds or lists', () => {
    expect(command(['seed', '1, 5'])).toHaveLength(2);
    expect(command(['in_layer_sizes', '64, 32; 8'])[1]).toMatch(/ run .*--set 'in_layer_sizes=\[8\]'/);
    expect(command()).toEqual([commandOf(base)]);
  });
});

test('a run of a grid whose fields contradict each other says so', () => {
  const drafts = expandGrid(firstDraft({ bodies: [] }), [{ field: 'batch_size', text: '50, 60' }]);
  expect(drafts.map((draft) => schemaErrors(draft).batch_size)).toEqual([
    undefined,
    expect.stringMatching(/^batch_size 60 must be at most gpu_batch_size 25 or a multiple of it/),
  ]);
});

describe('the command', () => {
  const config = parseConfig({
    ...configDefaults,
    task: 'bit-xor',
    n: 5,
    num_patterns: 2,
    early_stop: null,
    in_layer_sizes: [8, 4],
    name: `it's "7"; $HOME`,
  });

  test('says only what differs from the defaults', () => {
    expect(commandOf(parseConfig({ task: 'mnist', patch_size: 4 }))).toBe(
      'npm run -s permafrost -- run --set task=mnist --set patch_size=4',
    );
  });

  test.each([[config], [{ ...config, name: '7' }], [{ ...config, name: 'null' }]])(
    'a shell and the command line read the same config back',
    (config) => {
      const script = commandOf(config).replace('npm run -s permafrost -- run', 'printf "%s\\0"');
      const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' })
        .split('\0')
        .filter((w) => w && w !== '--set');
      expect(parseConfig(Object.fromEntries(words.map(readSetting)))).toEqual(config);
    },
  );
});
