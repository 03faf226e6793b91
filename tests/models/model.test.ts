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

it('a last block computed for the tokens that are read gives what the whole block gives', async () => {
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
    [{ model_name: 'gtp2' }, /no body "gtp2". Did you mean gpt2\?/],
    [{ n_positions: 5 }, /makes 6 tokens, but gpt2 takes at most 5 \(n_positions\). Choose a larger patch_size/],
    [{ pretrained: true }, /n_layer, n_embd, n_head, n_positions: pretrained weights of gpt2 have their own size/],
    [{ n_embd: 17 }, /n_embd 17 must be a multiple of n_head 2/],
  ])('%j', (params, message) => {
    expect(() => buildModel(parseConfig({ ...small, ...params }), shape)).toThrow(message);
  });
});

it('counts the largest checkpoint without allocating it', () => {
  const before = process.memoryUsage().rss;
  const { total } = countParameters(buildModel(parseConfig({ task: 'x', model_name: 'gpt2-large' }), shape));
  expect(total).toBe(774_030_080 + 10 * 1280 + 1280 + 1280 * 4 + 4);
  expect(process.memoryUsage().rss - before).toBeLessThan(50e6);
});
