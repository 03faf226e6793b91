import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { expandSweep, readAxis } from '#contract/sweep';

describe('an axis', () => {
  it.each([
    ['learning_rate=1e-5..1e-2:log:7', [1e-5, 3.16e-5, 1e-4, 3.16e-4, 1e-3, 3.16e-3, 1e-2]],
    ['dropout=0..0.3:4', [0, 0.1, 0.2, 0.3]],
    ['dropout=0.3..0:lin:2', [0.3, 0]],
    ['n_layer=1,2,4', [1, 2, 4]],
    ['n_layer=-1..2', [-1, 0, 1, 2]],
    ['n=7..7', [7]],
    ['optimizer=adam,sgd', ['adam', 'sgd']],
    ['early_stop=null,5', [null, 5]],
    ['model_name=sshleifer/tiny-gpt2', ['sshleifer/tiny-gpt2']],
  ])('%s is read', (text, values) => {
    expect(readAxis(text)).toEqual({ field: text.split('=')[0], values });
  });
  it.each([
    ['learning_rate', /expects field=values, found "learning_rate"/],
    ['learning_rate=', /expects field=values/],
    ['learning_rate=1e-5..1e-2', /learning_rate: A range is written as .*1e-5\.\.1e-2:log:7.*found "1e-5\.\.1e-2"/],
    ['learning_rate=1e-5..1e-2:log:1', /A range is written as/],
    ['learning_rate=1e-5..:log:3', /A range is written as/],
    ['n=5..2', /A range is written as/],
    ['n=1..100000', /A range is written as/],
    ['learning_rate=0..1e-2:log:3', /log range needs positive ends, found 0 and 0.01/],
    ['learnin_rate=1,2', /unknown field. Did you mean learning_rate/],
    ['seed=1,2', /--seeds/],
    ['n=1.000..2.000', /n: A range is written as/],
    ['n=1.000,2', /n: expected a whole number in digits, or none; found "1\.000"\. Write 1000/],
    ['dropout=0x0..0x1:2', /A range is written as/],
  ])('%s is refused', (text, message) => {
    expect(() => readAxis(text)).toThrow(message);
  });
});

describe('a sweep', () => {
  const base = parseConfig({ task: 'mnist', name: 'lr', seed: 5 });
  it('has every combination with every seed, the first axis slowest, each with a descriptive name', () => {
    const points = expandSweep(base, [readAxis('learning_rate=0.1,0.01'), readAxis('n_layer=1,2,4')], 2);
    expect(points.map(({ values }) => values)).toEqual([
      [0.1, 1],
      [0.1, 2],
      [0.1, 4],
      [0.01, 1],
      [0.01, 2],
      [0.01, 4],
    ]);
    const [, second] = points;
    expect(
      second.configs.map(({ seed, name, learning_rate, n_layer }) => [seed, name, learning_rate, n_layer]),
    ).toEqual([5, 6].map((seed) => [seed, 'lr learning_rate=0.1 n_layer=2', 0.1, 2]));
  });
  it('starts every task from its published settings, unless the settings or an axis override them', () => {
    const tasks = [
      { name: 'mnist', settings: [{ patch_size: 4 }] },
      { name: 'digit-add', settings: [{ n: 10 }, { n: 2 }] },
    ];
    const configs = (base: object, ...axes: string[]) =>
      expandSweep({ ...base }, axes.map(readAxis), 1, tasks).map(({ configs: [{ patch_size, n }] }) => [patch_size, n]);
    expect(configs({}, 'task=mnist,digit-add')).toEqual([
      [4, null],
      [null, 10],
    ]);
    expect(configs({ task: 'mnist', patch_size: 7 })).toEqual([[7, null]]);
    expect(configs({ task: 'digit-add' }, 'n=3,4')).toEqual([
      [null, 3],
      [null, 4],
    ]);
  });
  it('is refused before any run starts if a value is invalid, a field is on two axes, or there are too many runs', () => {
    expect(() => expandSweep(base, [readAxis('learning_rate=0.1,-1')], 1)).toThrow(/learning_rate/);
    expect(() => expandSweep(base, [readAxis('batch_size=50,60')], 1)).toThrow(/batch_size 60 .*gpu_batch_size 25/);
    expect(() => expandSweep(base, [readAxis('n=1,2'), readAxis('n=3,4')], 1)).toThrow(/n is on two axes/);
    const wide = ['learning_rate', 'dropout'].map((field) => readAxis(`${field}=0.1..0.2:500`));
    expect(() => expandSweep(base, wide, 3)).toThrow(/750000 runs, more than 10000/);
  });
});
