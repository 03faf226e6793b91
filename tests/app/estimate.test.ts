import { expect, test } from 'vitest';
import { estimateOf } from '#app/estimate';
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
    const { seconds, basis } = estimateOf(config, { finished: [{ id: 'before', config, steps, seconds: 77 }] });
    expect(basis).toBe('from the speed of before on this machine');
    expect(seconds).toBeCloseTo(77);
  }
  expect(
    estimateOf(lstm, { finished: [{ id: 'gone', config: { ...lstm, model_name: 'toString' }, steps: 1, seconds: 1 }] })
      .basis,
  ).toMatch(/no similar run has finished here/);
});

test('a run in fp32 does not predict the time of a mixed one on the same card', () => {
  const config = parseConfig({ ...lstm, device: 'webgpu' });
  const finished = [{ id: 'before', config, steps: 100, seconds: 77 }];
  expect(estimateOf(config, { finished }).basis).toMatch(/before/);
  expect(estimateOf({ ...config, precision: 'mixed' }, { finished }).basis).toMatch(/no similar run has finished here/);
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
