import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { countParameters } from '#models/model';
import { vit, vitConfigs } from '#models/vit';

const shape = { tokens: 6, width: 10, inputDim: 10, outputDim: 4, embedding: false };
const small = { task: 'x', model_name: 'ViT-B_16', pretrained: false, n_layer: 2, n_embd: 16, n_head: 2 };
const build = (settings: object) => buildModel(parseConfig({ ...small, ...settings }), shape);

beforeAll(() => tf.setBackend('cpu'));

describe('order of tokens', () => {
  const logits = (settings: object, turned: boolean) => {
    const model = build({ initializer_range: 0.3, ...settings });
    const p = Object.fromEntries(
      Object.entries(model.parameters).map(([name, s]) => [name, tf.tensor(model.initialValue(name, 1), s)]),
    );
    const x = tf.reshape(tf.sin(tf.range(0, 60)), [1, 6, 10]);
    return Array.from(model.forward(p, turned ? tf.reverse(x, 1) : x, null).dataSync());
  };
  const change = (settings: object) => {
    const [a, b] = [logits(settings, false), logits(settings, true)];
    return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  };
  it('is not seen by the reference, as in the published runs', () => {
    expect(change({ variant: 'reference' })).toBeLessThan(1e-6);
  });
  it('is seen by the corrected variant, trained or not', () => {
    expect(change({ variant: 'corrected' })).toBeGreaterThan(1e-3);
  });
});

it('positions of a frozen body are trained in the corrected variant without freeze_pos, and never loaded', () => {
  const names = ['transformer.0.position_embeddings', 'transformer.0.cls_token'];
  const trained = (settings: object) => names.map(build(settings).isTrainable);
  expect(trained({ variant: 'corrected', freeze_pos: false })).toEqual([true, true]);
  expect(trained({ variant: 'corrected', freeze_pos: true })).toEqual([false, false]);
  expect(trained({ variant: 'reference', freeze_pos: false })).toEqual([false, false]);
  expect(names.map(build({}).isLoaded)).toEqual([false, false]);
  expect(build({}).isLoaded('transformer.1.encoder_norm.weight')).toBe(true);
});

it('the encoders of L/16 and H/14 have the parameter counts that follow from the whole classifiers', () => {
  // all of a 1000-class model but patch embedding, class token, positions and head; totals as timm prints them
  const rest = (d: number, patch: number, tokens: number) => (3 * patch ** 2 + 1 + 1 + tokens) * d + (d + 1) * 1000;
  const encoder = (name: string) =>
    Object.entries(vit.parameters(vitConfigs[name])).reduce(
      (sum, [key, s]) => sum + (key.startsWith('1.') ? s.reduce((a, b) => a * b, 1) : 0),
      0,
    );
  expect(encoder('ViT-B_16') + rest(768, 16, 197)).toBe(86_567_656);
  expect(encoder('ViT-L_16') + rest(1024, 16, 197)).toBe(304_326_632);
  expect(encoder('ViT-H_14') + rest(1280, 14, 257)).toBe(632_045_800);
  const { total } = countParameters(build({ model_name: 'ViT-H_14', n_layer: null, n_embd: null, n_head: null }));
  expect(total).toBe(encoder('ViT-H_14') + 1026 * 1280 + 11 * 1280 + 4 * 1281);
});

it('a task that reads several tokens is refused, and the error names a patch size that fits', () => {
  expect(() => buildModel(parseConfig(small), { ...shape, inputDim: 5 })).toThrow(
    /2 tokens, but ViT-B_16 has a single class token to read. Choose patch_size 10/,
  );
});
