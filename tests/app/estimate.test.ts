import { describe, expect, test } from 'vitest';
import { estimateOf } from '#app/estimate';
import { assumedSpeed } from '#app/runCost';
import { parseConfig } from '#contract/config';

const nac = parseConfig({
  task: 'mnist-add-reg',
  n: 10,
  patch_size: 784,
  model_name: 'nac',
  pretrained: false,
  freeze_trans: false,
});
const lstm = parseConfig({ task: 'mnist', patch_size: 4, model_name: 'lstm', pretrained: false });

test('finished runs of networks without a body, and of the LSTM, predict the time of the next', () => {
  for (const config of [nac, lstm]) {
    const steps = config.num_iters * config.steps_per_iter;
    const before = { id: 'before', config, device: null, steps, seconds: 77 };
    const { seconds, basis } = estimateOf(config, { finished: [before] });
    expect(basis).toBe('from before, which took the same steps here');
    expect(seconds).toBeCloseTo(77);
  }
  expect(
    estimateOf(lstm, {
      finished: [{ id: 'gone', config: { ...lstm, model_name: 'toString' }, device: null, steps: 1, seconds: 1 }],
    }).basis,
  ).toMatch(/no similar run has finished here/);
});

test('a run in fp32 does not predict the time of a mixed one on the same card', () => {
  const config = parseConfig({ ...lstm, device: 'webgpu' });
  const finished = [{ id: 'before', config, device: null, steps: 100, seconds: 77 }];
  expect(estimateOf(config, { finished }).basis).toMatch(/before/);
  expect(estimateOf({ ...config, precision: 'mixed' }, { finished }).basis).toMatch(/no similar run has finished here/);
});

describe('a run on this body that trained while the machine was busy', () => {
  const config = parseConfig({ task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50, model_name: 'gpt2' });
  const steps = config.num_iters * config.steps_per_iter;
  const calm = estimateOf(config, { finished: [], speed: assumedSpeed });
  const busy = (settings: object, device = 'cpu (ONNX Runtime, 2 threads)') => ({
    ...{ id: 'busy', config: { ...config, ...settings }, device, steps, seconds: 1e8 },
  });
  const otherTask = { task: 'bit-xor', n: 5, num_patterns: 2, patch_size: null };

  test.each([
    ['another task', otherTask],
    ['another batch size', { batch_size: 5, gpu_batch_size: 5 }],
  ])('with %s counts less than the measured speed of the processor', (_, settings) => {
    expect(estimateOf(config, { finished: [busy(settings)], speed: assumedSpeed })).toEqual(calm);
  });

  test('with the same steps counts more, whatever its seed, learning rate and number of iterations', () => {
    const finished = [busy({ seed: 3, learning_rate: 0.01, num_iters: 2 * config.num_iters }), busy(otherTask)];
    const { seconds, basis } = estimateOf(config, { finished, speed: assumedSpeed });
    expect(basis).toBe('from busy, which took the same steps here');
    expect(seconds).toBeGreaterThan(10 * calm.seconds);
  });

  test('counts if a graphics card computed it, or if no speed has been measured', () => {
    const card = estimateOf(config, { finished: [busy(otherTask, 'webgpu (H200)')], speed: assumedSpeed });
    const unmeasured = estimateOf(config, { finished: [busy(otherTask)], speed: null });
    for (const { seconds, basis } of [card, unmeasured]) {
      expect(basis).toBe('scaled from busy, which took other steps on this body here');
      expect(seconds).toBeGreaterThan(10 * calm.seconds);
    }
  });
});

test('memory grows with the samples in flight and with what is trained, heads included', () => {
  const memory = (changes: object) =>
    estimateOf(parseConfig({ task: 'mnist', patch_size: 4, model_name: 'gpt2', ...changes }), { finished: [] })
      .memoryBytes;
  const one = memory({ gpu_batch_size: 16, batch_size: 16 });
  expect(Math.abs(one / 1.435e9 - 1)).toBeLessThan(0.1); // measured
  expect(memory({ gpu_batch_size: 8, batch_size: 16 })).toBeLessThan(0.8 * one);
  expect(memory({ gpu_batch_size: 16, batch_size: 16, freeze_trans: false })).toBeGreaterThan(1.3e9 + one);
  const cut = { task: 'cifar10', patch_size: 1, pretrained: false, n_embd: 64 };
  expect(memory({ ...cut, n_head: 8 })).toBeGreaterThan(2 * memory({ ...cut, n_head: 2 }));
  const digits = { ...nac, batch_size: 50, gpu_batch_size: 50 };
  expect(estimateOf(digits, { finished: [] }).memoryBytes).toBeGreaterThan(
    estimateOf(nac, { finished: [] }).memoryBytes + 3e7,
  );
});
