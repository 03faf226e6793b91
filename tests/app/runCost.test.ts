import { expect, test } from 'vitest';
import { estimateOf } from '#app/estimate';
import { speedOf } from '#app/machineSpeed';
import { assumedSpeed, costNames, costOf, fitSpeed, type RunCost, secondsOfCost } from '#app/runCost';
import { parseConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { calibrations } from '#trainer/calibrations';

function workOf(settings: Record<string, unknown>): RunCost {
  const config = parseConfig({ pretrained: false, ...settings });
  const shape = taskOf(config).shape(config);
  return costOf(config, buildModel(config, shape), shape, false);
}
const step = (settings: Record<string, unknown>) =>
  workOf({ num_iters: 1, steps_per_iter: 1, test_steps_per_iter: 1, final_test_samples: 1, ...settings });
const bits = { task: 'bit-xor', n: 5, num_patterns: 2, n_head: 2 };

test('a small body pays for each step and product, not for operations', () => {
  const small = step({ ...bits, n_layer: 4, n_embd: 32 });
  const share = (names: (keyof RunCost)[]) =>
    names.reduce((sum, name) => sum + small[name] * assumedSpeed[name], 0) / secondsOfCost(small, assumedSpeed);
  expect(share(['programs', 'products'])).toBeGreaterThan(0.5);
  expect(share(['operations'])).toBeLessThan(0.2);
});

test('work grows with depth, width, and what is trained', () => {
  const one = step({ ...bits, n_layer: 2, n_embd: 64 });
  expect(step({ ...bits, n_layer: 4, n_embd: 64 }).products).toBeGreaterThan(1.5 * one.products);
  expect(step({ ...bits, n_layer: 2, n_embd: 128 }).operations).toBeGreaterThan(3 * one.operations);
  const whole = step({ ...bits, n_layer: 2, n_embd: 64, freeze_trans: false });
  expect(whole.operations).toBeGreaterThan(1.2 * one.operations);
  expect(whole.updates).toBeGreaterThan(10 * one.updates);
});

test('molecules pay for their own tokens, not for padding up to the longest', () => {
  const molecules = { task: 'cyp3a4-graph', model_name: 'mat', freeze_trans: false };
  expect(step(molecules).operations).toBeLessThan(1.2 * step({ ...molecules, n: 32 }).operations);
});

test('the fit finds the speeds of a machine from its timed calibrations', () => {
  const machine = { start: 1.7, programs: 9e-4, products: 7e-5, values: 4e-9, operations: 1 / 30e9, updates: 2e-9 };
  const times = Object.fromEntries(
    Object.entries(calibrations).map(([name, config]) => {
      const one = { ...config, num_iters: 1, steps_per_iter: 1, test_steps_per_iter: 0, final_test_samples: 0 };
      const shape = taskOf(one).shape(one);
      const cost = costOf(one, buildModel(one, shape), shape, taskOf(one).readsWholeBatches, 1);
      return [name, { start: 0.7, step: secondsOfCost(cost, machine), evaluation: 0 }];
    }),
  );
  const found = speedOf(times);
  for (const name of costNames) expect(found[name] / machine[name], name).toBeCloseTo(1, 2);
  expect(found.start).toBeCloseTo(1.7);
});

test('noise in the timings makes no speed zero or negative', () => {
  const cost = step({ ...bits, n_layer: 1, n_embd: 16 });
  const timed = { programs: { cost, seconds: 1e-3 }, products: { cost, seconds: 1e-5 } };
  const found = fitSpeed(timed, 1);
  for (const name of costNames) expect(found[name], name).toBeGreaterThan(0);
});

test('an estimate says that the machine was measured, and scales a run on the same body by all its work, not only operations', () => {
  const config = parseConfig({ ...bits, pretrained: false, n_layer: 2, n_embd: 64 });
  const slow = { ...assumedSpeed, programs: 1e-2 };
  const measured = estimateOf(config, { finished: [], speed: slow });
  expect(measured.basis).toBe('from the measured speed of the processor');
  expect(measured.seconds).toBeGreaterThan(2 * estimateOf(config, { finished: [] }).seconds);
  const longer = { ...config, task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50 };
  const before = {
    id: 'before',
    config,
    device: 'webgpu (some card)',
    steps: config.num_iters * config.steps_per_iter,
    seconds: measured.seconds - slow.start,
  };
  const scaled = estimateOf(longer, { finished: [before], speed: slow });
  expect(scaled.basis).toBe('scaled from before, which took other steps on this body here');
  expect(scaled.seconds).toBeCloseTo(estimateOf(longer, { finished: [], speed: slow }).seconds - slow.start);
});
