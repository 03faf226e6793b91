import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { gpt2 } from '#models/gpt2';
import { buildModel } from '#models/index';
import { initialize } from '#models/initialize';
import { countParameters } from '#models/model';
import { difference, tracedCpu } from '../engine/devices.ts';

const shape = { tokens: 6, width: 10, inputDim: 10, outputDim: 4, embedding: false };
const small = { task: 'x', pretrained: false, n_layer: 2, n_embd: 16, n_head: 2, n_positions: 8 };
const published = { pretrained: true, n_layer: null, n_embd: null, n_head: null, n_positions: null };

it('computing the last block only for the tokens that are read gives the same result', async () => {
  const config = {
    ...Object.fromEntries(['embd', 'attn', 'resid'].map((k) => [`${k}_pdrop`, 0])),
    n_layer: 3,
    n_embd: 16,
    n_head: 4,
    n_positions: 9,
    vocab_size: 5,
    n_inner: null,
    layer_norm_epsilon: 1e-5,
  };
  const bodyConfig = config as unknown as Parameters<typeof gpt2.forward>[2];
  const frozen = Object.fromEntries(
    Object.entries(gpt2.parameters(bodyConfig)).map(([name, s]) => [
      name,
      { shape: s, read: () => initialize({ normal: 0.3 }, s, 1, name) },
    ]),
  );
  const program: Program = ({ inputs, frozen }) => {
    const all = gpt2.forward(frozen, inputs.x, bodyConfig, null, 7);
    const outputs = Object.fromEntries(
      [1, 2, 5].map((n) => [`last ${n}`, gpt2.forward(frozen, inputs.x, bodyConfig, null, n)]),
    );
    return {
      outputs: {
        ...outputs,
        ...Object.fromEntries([1, 2, 5].map((n) => [`all ${n}`, tf.slice(all, [7 - n, 0, 0], [n, 2, 16])])),
      },
    };
  };
  const step = await compileStep(program, {
    state: createState({}),
    inputs: { x: { shape: [7, 2, 16] } },
    frozen,
    device: tracedCpu,
  });
  const out = await step.run({ x: initialize({ normal: 1 }, [7, 2, 16], 1, 'x') });
  for (const n of [1, 2, 5]) expect(difference(out[`last ${n}`], out[`all ${n}`])).toBeLessThan(1e-6);
});

describe('a config that does not fit is refused before anything is allocated', () => {
  it.each([
    [{ model_name: 'gtp2' }, /no model "gtp2". Did you mean gpt2\?/],
    [{ n_positions: 5 }, /makes 6 tokens, but gpt2 takes at most 5 \(n_positions\). Choose a larger patch_size/],
    [{ pretrained: true }, /^n_embd, n_head, n_positions: pretrained weights of gpt2 have their own size/],
    [{ n_embd: 17 }, /n_embd 17 must be a multiple of n_head 2/],
    [
      { ...published, n_layer: 13 },
      /n_layer 13: the pretrained gpt2 has 12 blocks. Choose fewer, or set pretrained to false/,
    ],
    [{ freeze_attn: false, trained_attn_blocks: 3 }, /trained_attn_blocks 3: the body has 2 blocks. Choose at most 2/],
  ])('%j', (params, message) => {
    expect(() => buildModel(parseConfig({ ...small, ...params }), shape)).toThrow(message);
  });
});

describe('training the attention of the last blocks alone', () => {
  const trained = (settings: object) =>
    countParameters(buildModel(parseConfig({ task: 'x', ...settings }), shape)).trainable;
  it.each([
    ['gpt2', 1, 4 * 768 * 768 + 4 * 768],
    ['gpt2', 3, 3 * (4 * 768 * 768 + 4 * 768)],
    ['ViT-B_16', 2, 2 * (4 * 768 * 768 + 4 * 768)],
  ])('of %s adds that of %i blocks', (model_name, blocks, more) => {
    const free = { model_name, freeze_attn: false };
    expect(trained({ ...free, trained_attn_blocks: blocks }) - trained({ model_name })).toBe(more);
    expect(trained({ ...free, trained_attn_blocks: 12 })).toBe(trained(free));
  });
});

it('counts the largest checkpoint without allocating it', () => {
  const before = process.memoryUsage().rss;
  const { total } = countParameters(buildModel(parseConfig({ task: 'x', model_name: 'gpt2-xl' }), shape));
  expect(total).toBe(1_557_611_200 + 10 * 1600 + 1600 + 1600 * 4 + 4);
  expect(process.memoryUsage().rss - before).toBeLessThan(50e6);
});
