/** Losses, metrics and batches of every task against the reference's numbers. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { valueAndGradients } from '#engine/gradients';
import { readIdx } from '#formats/idx';
import { bytesSource } from '#formats/source';
import { atomWidth } from '#tasks/cyp3a4Graph';
import { patchOrder, patchShape } from '#tasks/images';
import { taskOf, tasks } from '#tasks/index';
import { denseSamples, raggedSamples } from '#tasks/samples';
import { recordedLength, recordWidth } from '#tasks/speechCommands';
import type { Dataset, Split } from '#tasks/task';
import { difference } from '../engine/devices.ts';
import { loadGolden } from '../parity/golden.ts';

beforeAll(() => tf.setBackend('cpu'));

const configOf = (params: object, variant: 'corrected' | 'reference' = 'reference') =>
  parseConfig({ ...params, variant });
const bytes = ({ buffer }: Float32Array | Int32Array) => new Uint8Array(buffer);
const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;

describe('losses and metrics', () => {
  const golden = loadGolden('b00-losses-and-metrics');
  const rows = Object.entries(golden.info.tasks as Record<string, Record<string, number & object>>).flatMap(
    ([name, info]) => [
      { name, info, variant: 'reference' as const, prefix: '', gradient: `${name}.grad_logits` },
      ...(info.per_sample_loss === undefined
        ? []
        : [
            {
              name,
              info,
              variant: 'corrected' as const,
              prefix: 'per_sample_',
              gradient: `${name}.per_sample_grad_logits`,
            },
          ]),
    ],
  );
  it.each(rows)('of $name, $variant, are the same as in the reference', ({ name, info, variant, prefix, gradient }) => {
    const config = configOf(info.params, variant);
    const task = taskOf(config);
    const [logits, y] = [golden.tensor(`${name}.logits`), golden.tensor(`${name}.y`)];
    const target = tf.tensor(y.data, y.shape, y.data instanceof Int32Array ? 'int32' : 'float32');
    const { value, gradients } = valueAndGradients(({ z }) => task.loss(config)(z, target), {
      z: tf.tensor(logits.data, logits.shape),
    });
    expect(Math.abs(value.dataSync()[0] / info[`${prefix}loss`] - 1)).toBeLessThan(1e-5);
    expect(difference(gradients.z.dataSync(), golden.tensor(gradient).data)).toBeLessThan(1e-5);
    expect(mean(task.scores(config)(logits.data as Float32Array, y.data, y.shape[0]))).toBeCloseTo(
      info[`${prefix}metric`],
      5,
    );
  });

  it('of a confident wrong bit are 100 and no gradient in the reference, and the true loss and gradient if corrected', () => {
    for (const { logit, wrong_label, bce_of_sigmoid_fp32, grad, bce_with_logits } of golden.info.tasks['bit-xor']
      .saturation) {
      const of = (variant: 'corrected' | 'reference') => {
        const config = configOf({ task: 'bit-xor', n: 1, num_patterns: 2 }, variant);
        const y = tf.tensor([wrong_label], [1, 1], 'int32');
        const { value, gradients } = valueAndGradients(({ z }) => taskOf(config).loss(config)(z, y), {
          z: tf.tensor([logit], [1, 1, 1]),
        });
        return [value.dataSync()[0], gradients.z.dataSync()[0]];
      };
      const [loss, slope] = of('reference');
      expect(loss).toBeCloseTo(bce_of_sigmoid_fp32, 1);
      expect(slope).toBeCloseTo(grad, 5);
      expect(of('corrected')[0]).toBeCloseTo(bce_with_logits, 4);
      expect(Math.abs(of('corrected')[1])).toBeCloseTo(1, 5);
    }
  });
});

describe('patches', () => {
  const { tensor } = loadGolden('g1-patches');
  it.each([
    ['mnist', 28, 1, 4],
    ['mnist', 28, 1, 7],
    ['mnist', 28, 1, 14],
    ['cifar', 32, 3, 4],
    ['cifar', 32, 3, 8],
    ['cifar', 32, 3, 16],
  ] as const)('of %s, side %i, %i channels, patch %i, run as einops runs them', (name, side, channels, patch) => {
    const index = tensor(`${name}.index.p${patch}`);
    const { tokens, width } = patchShape(side, side, channels, patch);
    expect([1, tokens, width]).toEqual(index.shape);
    // the reference numbers its pixels channel first
    const expected = Array.from(index.data, (at) => (at % (side * side)) * channels + Math.floor(at / (side * side)));
    expect(Array.from(patchOrder(side, side, channels, patch))).toEqual(expected);
  });
});

describe('batches', () => {
  const raw = (name: string, rank: number) =>
    readIdx(bytesSource(readFileSync(join(import.meta.dirname, '../fixtures/golden/g5-mnist-raw', name))), rank, name);
  const set = (part: string) => {
    const [images, labels] = [raw(`${part}-images-idx3-ubyte`, 3), raw(`${part}-labels-idx1-ubyte`, 1)];
    return denseSamples(images.data, 28 * 28, labels.data);
  };
  const dataset: Dataset = { train: set('train'), test: set('t10k') };
  /** Random samples in the layout of each data set. */
  const random = randomStream(5, 'samples');
  const twenty = Uint8Array.from({ length: 20 }, (_, i) => i % 2);
  const dense = (width: number) =>
    denseSamples(
      Uint8Array.from({ length: 20 * width }, () => random.below(256)),
      width,
      twenty,
    );
  /** Clips of noise: lengths and 16-bit samples. */
  const clips = () =>
    denseSamples(
      Int16Array.from({ length: 20 * recordWidth }, (_, i) =>
        i % recordWidth === 0 ? recordedLength : random.below(65536) - 32768,
      ),
      recordWidth,
      twenty,
    );
  const ragged = (codes: number) => {
    const starts = Array.from({ length: 21 }, (_, i) => 3 * i + (i % 3));
    return raggedSamples(
      Uint8Array.from({ length: starts[20] }, () => 3 + random.below(codes - 3)),
      starts,
      twenty,
    );
  };
  /** Chains of three to five carbons in a row. */
  const graphs = () => {
    const starts = Array.from({ length: 21 }, (_, i) => atomWidth * (3 * i + (i % 3)));
    const values = Float32Array.from({ length: starts[20] }, (_, i) => [6, 2, 2][i % atomWidth] ?? random.below(3));
    return raggedSamples(values, starts, twenty);
  };
  const datasets: Record<string, Dataset> = {
    mnist: dataset,
    cifar10: { train: dense(3072), test: dense(3072) },
    'speech-commands': { train: clips(), test: clips() },
    cyp3a4: { train: ragged(256), test: ragged(256) },
    'cyp3a4-graph': { train: graphs(), test: graphs() },
    listops: { train: ragged(15), test: ragged(15) },
  };
  /** Smaller than published, so that the few samples above are enough. */
  const smaller: Record<string, object> = {
    'bit-xor': { n: 6, num_patterns: 3 },
    'bit-memory': { n: 8, num_patterns: 3, patch_size: 4 },
    'digit-add': { n: 5 },
    mnist: { patch_size: 7 },
    'mnist-add': { n: 2 },
    'mnist-add-reg': { n: 2 },
    cifar10: { patch_size: 8 },
    'cifar10-gray': { patch_size: 16 },
    'speech-commands': { patch_size: 800 },
    listops: { n: 10 },
  };
  const sizes = { train: 4, test: 5, final: 3 };
  const open = (name: string, seed = 1) => {
    const config = configOf({ task: name, ...tasks[name].settings[0], ...smaller[name] });
    const task = taskOf(config);
    return {
      config,
      task,
      shape: task.shape(config),
      batches: task.batches(config, task.dataset ? datasets[task.dataset] : null, { seed, sizes }),
    };
  };

  it.each(Object.keys(tasks))(
    'of %s have the promised sizes, repeat from the seed, and differ by index, split and seed',
    (name) => {
      const { shape, batches } = open(name);
      for (const split of ['train', 'test', 'final'] as Split[]) {
        const { x, y, ...rest } = batches.batch(split, 2);
        expect(x.length).toBe(sizes[split] * (rest.tokens ?? shape.tokens) * shape.width);
        expect(rest.tokens === undefined || shape.lengths!.includes(rest.tokens)).toBe(true);
        if (shape.meanLengths) expect(shape.meanLengths).toContain(rest.computed!.length / sizes[split]);
        expect(rest.at?.length).toBe(shape.readsAt ? sizes[split] : undefined);
        expect(y.length).toBe(sizes[split] * shape.target.reduce((a, b) => a * b, 1));
        expect(y instanceof Int32Array).toBe(shape.targetType === 'int32');
        batches.batch(split, 0);
        expect(batches.batch(split, 2)).toEqual({ x, y, ...rest });
        expect(open(name).batches.batch(split, 2)).toEqual({ x, y, ...rest });
        expect(batches.batch(split, 3).x).not.toEqual(x);
        const inOrder = name.startsWith('cyp3a4') && split !== 'train'; // as the reference tests it
        expect(Buffer.compare(bytes(open(name, 2).batches.batch(split, 2).x), bytes(x)) === 0).toBe(inOrder);
      }
    },
  );

  it.each(Object.values(tasks).flatMap(({ name, settings }) => settings.map((published) => ({ name, published }))))(
    'of $name with the published $published have their sizes',
    ({ name, published }) => {
      const config = configOf({ task: name, ...published });
      const task = taskOf(config);
      const { tokens, width, outputDim } = task.shape(config);
      expect(Object.keys(published).filter((field) => !task.fields.includes(field as never))).toEqual([]);
      expect(tokens * width * outputDim).toBeGreaterThan(0);
      if (task.dataset === null || name === 'mnist')
        expect(task.batches(config, dataset, { seed: 1, sizes }).batch('train', 0).x.length).toBe(4 * tokens * width);
    },
  );

  /** Rules for every batch; the reference's own batches follow them too. */
  const rules: Record<string, (x: ArrayLike<number>, y: ArrayLike<number>, tokens: number, width: number) => boolean> =
    {
      'bit-xor': (x, y, tokens, n) =>
        Array.from(y).every(
          (bit, i) =>
            bit ===
            Array.from({ length: tokens }, (_, t) => x[(Math.floor(i / n) * tokens + t) * n + (i % n)]).reduce(
              (a, b) => a ^ b,
            ),
        ),
      'bit-memory': (x, y, tokens, n) =>
        Array.from({ length: y.length / n }, (_, s) => s).every((s) => {
          const row = (t: number) => Array.from({ length: n }, (_, i) => x[(s * tokens + t) * n + i]);
          const target = Array.from({ length: n }, (_, i) => y[s * n + i]);
          const shown = Array.from({ length: tokens - 1 }, (_, t) => row(t).join());
          return shown.includes(target.join()) && row(tokens - 1).every((bit, i) => bit === 0 || bit === target[i]);
        }),
      'digit-add': (x, y, tokens, width) =>
        Array.from(y).every((sum, s) => {
          const digits = Array.from({ length: tokens }, (_, t) =>
            Array.from({ length: width }, (_, d) => x[(s * tokens + t) * width + d]),
          );
          return (
            digits.every((hot) => hot.filter((v) => v === 1).length === 1 && hot[9] === 0) &&
            digits.reduce((a, hot) => a + hot.indexOf(1), 0) === sum
          );
        }),
    };
  it.each(Object.keys(rules))('of %s obey the rule that the reference obeys', (name) => {
    const golden = loadGolden('g5-datasets');
    const keys = Object.keys(golden.info.datasets).filter((key) => key.startsWith(name));
    for (const key of keys) {
      const [x, y] = [golden.tensor(`${key}.x`), golden.tensor(`${key}.y`)];
      expect(rules[name](x.data, y.data, x.shape[1], x.shape[2])).toBe(true);
    }
    const { shape, batches } = open(name);
    for (let i = 0; i < 20; i++) {
      const { x, y } = batches.batch('train', i);
      expect(rules[name](x, y, shape.tokens, shape.width)).toBe(true);
    }
  });

  it.each(['mnist', 'mnist-add'])('of %s that need more images than exist are refused', (name) => {
    const { config, task } = open(name);
    const needs = { train: 4, test: dataset.test.count + 1, final: 4 };
    expect(() => task.batches(config, dataset, { seed: 1, sizes: needs })).toThrow(
      /A test batch takes \d+ samples, but the data have 18. Choose a smaller batch_size or n/,
    );
  });

  it('of mnist have every test image once per epoch, as tokens in [0, 1] with its label', () => {
    const config = configOf({ task: 'mnist', patch_size: 28 });
    const batches = taskOf(config).batches(config, dataset, { seed: 3, sizes: { train: 2, test: 2, final: 2 } });
    const seen = new Set<string>();
    for (let i = 0; i < dataset.test.count / 2; i++) {
      const { x, y } = batches.batch('final', i);
      for (let s = 0; s < 2; s++) {
        const pixels = Uint8Array.from(x.subarray(s * 784, (s + 1) * 784), (v) => Math.round(v * 255));
        const at = Array.from({ length: dataset.test.count }, (_, k) => k).find(
          (k) => Buffer.compare(dataset.test.sample(k) as Uint8Array, pixels) === 0,
        );
        expect(at).toBeDefined();
        expect(y[s]).toBe(dataset.test.labels[at!]);
        seen.add(String(at));
      }
    }
    expect(seen.size).toBe(dataset.test.count);
  });
});

describe('a config that does not fit is refused', () => {
  const shapeOf = (params: Partial<ExperimentConfig>) => () => {
    const config = configOf(params);
    return taskOf(config).shape(config);
  };
  it.each([
    [{ task: 'mnits' }, /no task "mnits". Did you mean mnist\?/],
    [{ task: 'constructor' }, /no task "constructor". Did you mean/],
    [{ task: 'mnist' }, /patch_size: mnist needs it. Published runs use 4/],
    [
      { task: 'mnist', patch_size: 5 },
      /patch_size 5 does not divide the image side 28. Choose one of 1, 2, 4, 7, 14, 28/,
    ],
    [{ task: 'bit-xor', n: 5 }, /num_patterns: bit-xor needs it/],
    [
      { task: 'bit-xor', n: 5, num_patterns: 2, patch_size: 1 },
      /patch_size: the reference fails with a patch_size on bit-xor/,
    ],
    [{ task: 'bit-memory', n: 10, num_patterns: 2, patch_size: 4 }, /patch_size 4 does not divide n 10/],
    [{ task: 'mnist-add' }, /n: mnist-add needs it/],
  ] as const)('%j', (params, message) => {
    expect(shapeOf(params)).toThrow(message);
  });
});

describe('deviations', () => {
  const of = (params: Partial<ExperimentConfig>) => {
    const config = parseConfig(params);
    return taskOf(config)
      .deviations(config)
      .map(({ text }) => text)
      .join();
  };
  const bits = { task: 'bit-xor', n: 5, num_patterns: 2 };
  it.each([
    ['none for mnist', { task: 'mnist', patch_size: 4 }, /^$/],
    ['none for bit-xor as committed', { ...bits, variant: 'reference' }, /^$/],
    ['the loss of bit-xor, corrected', bits, /cross entropy of logits/],
    ['the bits of a token of bit-xor', { ...bits, patch_size: 1 }, /^A token holds 1 bit of.*cross entropy of logits/],
    ['the older head of bit-xor', { ...bits, bit_head: 'cross-entropy' }, /two logits per bit/],
    ['the loss of digit-add, corrected', { task: 'digit-add', n: 2 }, /per sample\. The committed code/],
    ['the older published digit-add', { task: 'digit-add', n: 2, variant: 'reference' }, /published numbers are older/],
    ['the older published mnist-add-reg', { task: 'mnist-add-reg', n: 10 }, /no network is better than a constant/],
  ] as const)('name %s', (_, params, text) => {
    expect(of(params)).toMatch(text);
  });
});
