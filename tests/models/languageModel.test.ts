import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, it } from 'vitest';
import { gpt2Configs } from '#models/gpt2';
import { languageModel } from '#models/languageModel';

const config = { ...gpt2Configs.gpt2, n_layer: 2, n_embd: 8, n_head: 2, n_positions: 6, vocab_size: 11 };
const model = languageModel(config);
const parameters = () =>
  Object.fromEntries(
    Object.entries(model.parameters).map(([name, shape]) => [name, tf.tensor(model.initialValue(name, 3), shape)]),
  );
const logits = (ids: number[][]) => model.forward(parameters(), tf.tensor2d(ids, undefined, 'int32'), null);

beforeAll(() => tf.setBackend('cpu'));

it('gives one distribution over the vocabulary for every token of every sequence', () => {
  expect(
    logits([
      [1, 2, 3],
      [4, 5, 6],
    ]).shape,
  ).toEqual([6, 11]);
});

it('a token’s logits depend on earlier tokens but not on later ones', () => {
  const rows = (ids: number[][]) => logits(ids).arraySync() as number[][];
  const [a, b] = [rows([[1, 2, 3, 4]]), rows([[1, 2, 3, 9]])];
  expect(a.slice(0, 3)).toEqual(b.slice(0, 3));
  expect(a[3]).not.toEqual(b[3]);
  expect(
    rows([
      [1, 2, 3, 4],
      [0, 2, 3, 4],
    ])[7],
  ).not.toEqual(a[3]);
});

it('its parameters are those of a bare GPT-2 checkpoint, all trained', () => {
  expect(Object.keys(model.parameters)[0]).toBe('wte.weight');
  expect(Object.keys(model.parameters).every((name) => model.isTrainable(name) && model.isUsed(name))).toBe(true);
});
