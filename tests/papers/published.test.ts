import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { readKnownSettings } from '#contract/knownSettings';
import { type Cell, defaultTable, publishedScore, readTablesFile, usualSeeds } from '#contract/paperTable';
import { bodies, buildModel, isNetwork } from '#models/index';
import { countParameters } from '#models/model';
import { expand, missing, quickBody } from '#papers/expand';
import { tableOf, tables } from '#papers/published';
import { taskOf, tasks } from '#tasks/index';
import known from '../../resources/published/settings.json' with { type: 'json' };
import data from '../../resources/published/tables.json' with { type: 'json' };

const cells = tables.flatMap((table) => table.cells.map((cell) => ({ ...cell, table: table.id })));
const cellOf = (id: string): Cell => cells.find((cell) => cell.id === id)!;
const hasModel = (name: string) => name in bodies || isNetwork(name);
const runnable = (cell: Cell) =>
  cell.beyond === null && cell.params.task! in tasks && hasModel(cell.params.model_name!);

it('every cell has a unique id, and every number has a source and a metric', () => {
  expect(new Set(cells.map((cell) => cell.id)).size).toBe(cells.length);
  for (const { id, published } of cells) {
    if (!published) continue;
    expect(published.source.length, id).toBeGreaterThan(5);
    expect(['accuracy', 'mae', 'steps'], id).toContain(published.metric);
    expect(Number.isFinite(published.value), id).toBe(true);
  }
});

const regimesOf = (copy: typeof data) => copy.tables.find(({ id }) => id === 'regimes')!;

it.each<[string, (cells: Record<string, unknown>[]) => void, RegExp]>([
  [
    'a number that is a text',
    (cells) => Object.assign(cells[0].published as object, { value: '1.0' }),
    /published\.value: .*number/,
  ],
  [
    'an unknown metric',
    (cells) => Object.assign(cells[0].published as object, { metric: 'f1' }),
    /published\.metric: /,
  ],
  [
    'a setting that does not exist',
    (cells) => Object.assign(cells[0].params as object, { learning_rte: 1 }),
    /params.*: .*learning_rte/,
  ],
  ['a setting out of range', (cells) => Object.assign(cells[0].params as object, { n: -5 }), /params\.n: /],
  ['steps without a threshold', (cells) => Object.assign(cells[0], { resultIs: 'steps' }), /steps needs a threshold/],
  ['a threshold without steps', (cells) => Object.assign(cells[0], { threshold: 0.9 }), /have neither/],
  ['a misspelt key', (cells) => Object.assign(cells[0], { publishd: 1 }), /: .*publishd/],
  [
    'a cell that repeats none',
    (cells) => Object.assign(cells[0], { like: 'q9/x' }),
    /like: "q9\/x" is not a cell with its own number/,
  ],
  [
    'neither a number nor a cell to repeat',
    (cells) => delete cells[0].published,
    /: it has neither published nor like/,
  ],
])('a table with %s is refused by table, cell and field', (_, damage, place) => {
  const copy = structuredClone(data);
  damage(regimesOf(copy).cells);
  expect(() => readTablesFile(copy)).toThrow(/^internal: tables\.json, table regimes, cell regimes\/bit-xor\/FPT/);
  expect(() => readTablesFile(copy)).toThrow(place);
});

it('a contrast between unknown columns and a setting without a source are refused', () => {
  const copy = structuredClone(data);
  regimesOf(copy).contrasts = [['FPT', 'XYZ']];
  expect(() => readTablesFile(copy)).toThrow(/table regimes, contrasts: the table has no column "XYZ"/);
  const rows = known.rows.map((row, i) => (i === 3 ? { ...row, from: '' } : row));
  expect(() => readKnownSettings({ ...known, rows })).toThrow(/^internal: settings\.json, rows\.3\.from: /);
});

it('a published mean is the mean of its published runs, to the digits printed', () => {
  const withRuns = cells.filter(({ published }) => published?.values && published.values.length > 1);
  expect(withRuns.length).toBeGreaterThan(10);
  for (const { id, published } of withRuns) {
    const mean = published!.values!.reduce((a, b) => a + b, 0) / published!.values!.length;
    expect(Math.abs(mean / published!.value - 1), id).toBeLessThan(0.005);
  }
});

it('the settings of every cell, runnable or not, are a valid config', () => {
  for (const cell of cells) expect(() => parseConfig({ ...cell.params }), cell.id).not.toThrow();
});

it('every cell that can run expands into valid configs whose metric is the published one', () => {
  for (const cell of cells.filter(runnable)) {
    const { configs, scaled } = expand(cell, 'paper', [1, 2]);
    expect(configs.map((c) => c.seed)).toEqual([1, 2]);
    expect(scaled).toBe(false);
    const task = taskOf(configs[0]);
    buildModel(configs[0], task.shape(configs[0]));
    if (publishedScore(cell)) expect(task.metric, cell.id).toBe(cell.published!.metric);
  }
});

it('trainable counts are the published ones, with the settings that the published counts imply', () => {
  const counted = cells.filter((cell) => runnable(cell) && cell.published?.trainable !== undefined);
  expect(counted.length).toBeGreaterThan(60);
  for (const cell of counted) {
    const config = parseConfig({ ...cell.params });
    const model = buildModel(config, taskOf(config).shape(config));
    expect(countParameters(model).trainable, cell.id).toBe(cell.published!.trainable);
  }
});

describe('the quick profile', () => {
  it('scales body and budget, says so, and marks the runs as scaled', () => {
    const { configs, notes, scaled } = expand(cellOf('regimes/mnist/FRT'), 'quick', [0]);
    expect(configs[0].model_name).toBe(quickBody);
    expect(configs[0].pretrained).toBe(false);
    expect(notes[0]).toMatch(/permafrost-nano instead of gpt2, \d+ steps/);
    expect(scaled).toBe(true);
  });
  it('replaces the body pretrained on bit memory, whose weights are not published, with the embedded one', () => {
    const cell = cellOf('fpt-t2/mnist/Bit memory');
    expect(expand(cell, 'quick', [0]).configs[0]).toMatchObject({
      model_name: 'permafrost-nano-bits',
      pretrained: true,
    });
    const have = { body: hasModel, task: (name: string) => name in tasks, weights: () => true };
    expect(missing(cell, 'quick', have)).toBeNull();
    expect(missing(cell, 'paper', have)).toBe(
      'needs the weights of GPT-2 pretrained on bit memory, which were not published',
    );
  });
  it('says what a cell needs', () => {
    const have = {
      body: hasModel,
      task: (name: string) => name in tasks,
      weights: () => false,
    };
    const reasons = tableOf('regimes').cells.map((cell) => [cell.id, missing(cell, 'quick', have)]);
    expect(reasons.filter(([, reason]) => reason === null).map(([id]) => id)).toEqual(
      ['bit-xor', 'mnist', 'mnist-add'].flatMap((task) => [`regimes/${task}/FRT`, `regimes/${task}/URT`]),
    );
    expect(missing(cellOf('regimes/mnist/FPT'), 'quick', have)).toMatch(/needs the embedded body permafrost-nano/);
    const complete = { ...have, weights: (name: string) => name === quickBody };
    expect(
      tableOf('regimes')
        .cells.map((cell) => missing(cell, 'quick', complete))
        .filter(Boolean),
    ).toEqual([]);
    expect(missing(cellOf('regimes/mnist/FPT'), 'paper', have)).toMatch(/needs a download: permafrost zoo pull gpt2/);
    expect(missing(cellOf('q4-vfpt/mnist'), 'paper', have)).toMatch(/permafrost zoo pull ViT-B_16/);
    expect(missing(cellOf('q1-fpt/cifar10'), 'paper', { ...have, task: () => false })).toMatch(/task cifar10/);
  });
});

it('an unknown table is refused with the nearest one', () => {
  expect(() => tableOf('q1-fp')).toThrow(/Unknown table "q1-fp"\. Did you mean q1-fpt\?/);
});

describe('a cell that repeats one of another table', () => {
  const cellAt = (id: string) => tables.flatMap(({ cells }) => cells).find((cell) => cell.id === id)!;
  it('shares its number, settings and runs, but has its own place', () => {
    const [own, other] = ['conclusions/mnist/FRT (mean)', 'q3-frt/mnist'].map(cellAt);
    expect(own).toMatchObject({ row: 'mnist', column: 'FRT (mean)', like: other.id, resultIs: 'last100' });
    expect(own.published).toEqual(other.published);
    const [ours, theirs] = [own, other].map((cell) => expand(cell, 'paper', [0]).configs[0]);
    expect({ ...ours, name: '' }).toEqual({ ...theirs, name: '' });
  });
  it('is not compared if its number is the best of several runs', () => {
    expect(cellAt('conclusions/cifar10/FRT (best)')).toMatchObject({
      published: { value: 0.5854 },
      beyond: expect.stringMatching(/best of three/),
    });
  });
});

it('the quick profile replaces only GPT-2 bodies with its own', () => {
  const have = { body: hasModel, task: (name: string) => name in tasks, weights: () => true };
  for (const cell of cells.filter(({ params }) => /^(ViT|lstm|nac|mat|ast)/.test(params.model_name!)))
    expect(missing(cell, 'quick', have), cell.id).not.toBeNull();
  expect(missing(cellOf('fpt-t3/mnist/Transformer'), 'quick', have)).toBeNull();
});

it('each run of the dl-project tables has a page on W&B', () => {
  const named = cells.filter(({ published }) => published?.wandb);
  expect(new Set(named.flatMap(({ published }) => published!.wandb!)).size).toBe(21);
  for (const { id, published } of named.filter(({ table }) => table === 'q1-fpt' || table === 'q3-frt'))
    expect(published!.wandb, id).toHaveLength(published!.runs!);
});

describe('a swept table', () => {
  const { cells: all } = tableOf('rebuttal-rates');
  it('has a cell for every rate, and one that takes the best and has the published number', () => {
    const own = all.filter(({ column, row }) => column === 'FPT' && row.startsWith('mnist'));
    expect(own.map(({ row }) => row)).toEqual([
      ...['mnist 0.000001', 'mnist 0.00001', 'mnist 0.0001', 'mnist 0.001', 'mnist 0.01'],
      'mnist, best',
    ]);
    const [best] = own.splice(-1);
    expect(best).toMatchObject({ id: 'rebuttal-rates/mnist/FPT', published: { value: 0.985 } });
    expect(best.bestOf).toEqual(own.map(({ id }) => id));
    expect(own.map((cell) => [cell.published, expand(cell, 'paper', [0]).configs[0].learning_rate])).toEqual(
      [1e-6, 1e-5, 1e-4, 1e-3, 1e-2].map((rate) => [null, rate]),
    );
  });
  it('keeps its rates in the quick profile, which otherwise uses its own rate', () => {
    const rates = all
      .filter(({ bestOf, row }) => bestOf.length === 0 && row.startsWith('mnist'))
      .map((cell) => expand(cell, 'quick', [0]).configs[0].learning_rate);
    expect(new Set(rates).size).toBe(5);
    expect(expand(cellOf('rebuttal/mnist/FPT'), 'quick', [0]).configs[0].learning_rate).toBe(0.003);
  });
});

it('cells train three seeds, but for the row of the default table that three did not decide', () => {
  const others = tables.flatMap(({ cells }) => cells.filter(({ seeds }) => seeds !== usualSeeds));
  expect(new Set(others.map(({ row, seeds }) => `${row} ${seeds}`))).toEqual(new Set(['mnist 5']));
  const own = tableOf(defaultTable).cells.filter(({ row }) => row === 'mnist');
  expect(others.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
});

it('steps to a threshold are counted in the runs of Table 2', () => {
  const [counted, scored] = ['fpt-t6/mnist/FPT', 'fpt-t2/mnist/Language'].map(cellOf);
  expect(counted).toMatchObject({ resultIs: 'steps', threshold: 0.9702, published: { metric: 'steps', value: 5000 } });
  const [a, b] = [counted, scored].map((cell) => expand(cell, 'paper', [0]).configs[0]);
  expect({ ...a, name: '' }).toEqual({ ...b, name: '' });
});
