/** Every setting of every published cell, compared with the committed table of sources. */
import { describe, expect, it } from 'vitest';
import { type ConfigField, configFields, type ExperimentConfig } from '#contract/config';
import { knownSettings } from '#contract/knownSettings';
import type { Cell } from '#contract/paperTable';
import { expand } from '#papers/expand';
import { settingRows, tables } from '#papers/published';

/** Fields without effect on the result (`gpu_batch_size` only splits a batch), and the task, which the row of a table names. */
const free = new Set<ConfigField>(['name', 'seed', 'device', 'gpu_batch_size', 'task']);
const fields = configFields.filter((field) => !free.has(field));
const cells = tables.flatMap((table) => table.cells);
const configOf = (id: string): ExperimentConfig =>
  expand(cells.find((cell) => cell.id === id)!, 'paper', [0]).configs[0];
const runOf = (cell: Cell): ExperimentConfig => expand(cell, 'paper', [0]).configs[0];

describe('a published cell', () => {
  it('has a source for every setting, and no source for other settings', () => {
    const unlike = cells.flatMap((cell) => {
      const known = knownSettings(settingRows, cell);
      const config = runOf(cell);
      return fields.flatMap((field) => {
        const { value } = known.get(field) ?? { value: 'nothing is known' };
        return JSON.stringify(value) === JSON.stringify(config[field])
          ? []
          : [`${cell.id} runs with ${field} ${config[field]}; known: ${value}`];
      });
    });
    expect(unlike).toEqual([]);
  });

  it('has no setting whose source another row overrides everywhere', () => {
    const known = cells.map((cell) => knownSettings(settingRows, cell));
    const inForce = new Set(known.flatMap((settings) => [...settings].map(([field, { from }]) => `${from}: ${field}`)));
    const idle = settingRows.flatMap(({ settings, from }) =>
      Object.keys(settings).flatMap((field) => (inForce.has(`${from}: ${field}`) ? [] : [`${from}: ${field}`])),
    );
    expect(idle).toEqual([]);
    for (const { from } of settingRows) expect(from.length).toBeGreaterThan(10);
  });
});

describe('the tables of dl-project', () => {
  it('never stop early where the published runs could not: the mean of the last 100 would average the learning curve', () => {
    const unstopped = tables.flatMap(({ id, cells }) => (id === 'q1-fpt' || id === 'q3-frt' ? cells : []));
    expect(unstopped).toHaveLength(10);
    for (const cell of unstopped) expect(runOf(cell).early_stop, cell.id).toBeNull();
    for (const column of ['FPT', 'FRT']) expect(configOf(`regimes/mnist/${column}`).early_stop).toBeNull();
  });
  it.each([
    ['q1-fpt/mnist', 1600],
    ['q1-fpt/cifar10', 1600],
    ['q1-fpt/cyp3a4', 800],
    ['q3-frt/cyp3a4', 800],
    ['q1-fpt/mnist-add-reg', 50],
    ['q1-fpt/speech-commands', 25],
  ])('evaluate %s on %i samples: the code counted batches before 27 May 2021', (id, samples) => {
    expect(configOf(id).test_steps_per_iter).toBe(samples);
  });
  it('give the vision transformer the zero positions that it was published with', () => {
    for (const cell of tables.find(({ id }) => id === 'q4-vfpt')!.cells) expect(runOf(cell).variant).toBe('reference');
  });
});

describe('experiment 1', () => {
  it.each([
    ['mnist/gpt2', 50, 5_000, 25],
    ['mnist-add-10/gpt2', 100, 5_000, 25],
    ['mnist-add-10/gpt2-large', 50, 5_000, 25],
    ['bit-xor-100/lvwerra/gpt2-imdb', 25, 5_000, 25],
    ['bit-xor-5/gpt2', 25, 50_000, 100],
    ['digit-add-2/gpt2', 25, 1_000_000, 100],
  ])('%s takes batches of %i, %i steps and %i test samples, as its config files say', (id, batch, steps, samples) => {
    const config = configOf(`exp1-zoo/${id}`);
    expect(config.batch_size).toBe(batch);
    expect(config.num_iters * config.steps_per_iter).toBe(steps);
    expect(config.test_steps_per_iter).toBe(samples);
  });
});
