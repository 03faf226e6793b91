/** Kernels where they bend, overflow or meet infinities, against PyTorch: fixtures/torch/kinks.py says how its numbers were made. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Device } from '#engine/device';
import { valueAndGradients } from '#engine/gradients';
import { layerNorm, literal } from '#engine/nn';
import type { Tensors } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import fixture from '../fixtures/torch/kinks.json' with { type: 'json' };
import { devices, eagerCpu, tracedCpu } from './devices.ts';

type Written = (number | string)[];
type Numbers = Record<string, { y: Written; gradient?: Written }>;

interface Case {
  run(x: tf.Tensor): tf.Tensor;
  /** tfjs's slope at an input where PyTorch's differs; at a tie tfjs gives every side the whole gradient. */
  slopeAt?: Record<string, number>;
  /** Rows that engines define differently. */
  leavesOut?(row: number[]): boolean;
}

const hasNan = (row: number[]) => row.some(Number.isNaN);
/** A tie shares the gradient in PyTorch. ONNX Runtime loses a NaN that is not first; no program reduces by max or min. */
const tiesOrNan = (row: number[]) => new Set(row).size < row.length || hasNan(row);
const beyond = (limit: number) => (row: number[]) => row.some((v) => Number.isFinite(v) && Math.abs(v) > limit);
const gain = () => literal(Float32Array.of(1, 2, 3, 4), [4]);
const shift = () => literal(Float32Array.of(0, 1, 2, 3), [4]);

const groups: { inputs: number[]; shape: number[]; numbers: Numbers; cases: Record<string, Case> }[] = [
  {
    inputs: fixture.points.map(Number),
    shape: [fixture.points.length],
    numbers: fixture.pointwise,
    cases: {
      relu: { run: (x) => tf.relu(x) },
      'leaky relu': { run: (x) => tf.add(tf.mul(x, 0.1), tf.mul(tf.relu(x), 0.9)) },
      abs: { run: (x) => tf.abs(x), slopeAt: { 0: -1 } },
      sign: { run: (x) => tf.sign(x) },
      step: { run: (x) => tf.step(x) },
      'step of slope -1': { run: (x) => tf.step(x, -1) },
      clip: { run: (x) => tf.clipByValue(x, -0.75, 0.75) },
      maximum: { run: (x) => tf.maximum(x, 0), slopeAt: { 0: 1 } },
      minimum: { run: (x) => tf.minimum(x, 0), slopeAt: { 0: 1 } },
      floor: { run: (x) => tf.floor(x) },
      ceil: { run: (x) => tf.ceil(x) },
      round: { run: (x) => tf.round(x) },
    },
  },
  {
    inputs: fixture.rows.map(Number),
    shape: [fixture.rows.length / 4, 4],
    numbers: fixture.rowwise,
    cases: {
      softmax: { run: (x) => tf.softmax(x) },
      'log softmax': { run: (x) => tf.logSoftmax(x) },
      max: { run: (x) => tf.max(x, -1), leavesOut: tiesOrNan },
      min: { run: (x) => tf.min(x, -1), leavesOut: tiesOrNan },
      sum: { run: (x) => tf.sum(x, -1) },
      mean: { run: (x) => tf.mean(x, -1), leavesOut: beyond(1e38) }, // eager: divides before it adds
      'sum of squares': { run: (x) => tf.sum(tf.square(x), -1) },
      'arg max': { run: (x) => tf.cast(tf.argMax(x, -1), 'float32'), leavesOut: hasNan }, // PyTorch takes NaN for the extreme
      'arg min': { run: (x) => tf.cast(tf.argMin(x, -1), 'float32'), leavesOut: hasNan },
      'max pool': {
        // PyTorch keeps every NaN, tfjs none, ONNX Runtime the first of a window; eagerly -Infinity alone has no place
        run: (x) => tf.reshape(tf.maxPool(tf.reshape(x, [-1, 2, 2, 1]) as tf.Tensor4D, 2, 2, 'valid'), [-1]),
        leavesOut: (row) => hasNan(row) || Math.max(...row) === Number.NEGATIVE_INFINITY,
      },
      'layer norm': {
        run: (x) => layerNorm(x, gain(), shift(), 1e-5),
        leavesOut: beyond(1e19), // its variance overflows
      },
    },
  },
];
const list = groups.flatMap(({ cases, ...group }) =>
  Object.entries(cases).map(([name, c]) => ({ name, ...c, ...group })),
);

async function compute(device: Device, { run, inputs, shape, numbers, name }: (typeof list)[number]) {
  const step = await compileStep(
    ({ inputs }) => {
      const outputs: Tensors = {};
      const score = (x: tf.Tensor) => {
        outputs.y = tf.keep(run(x));
        return tf.sum(tf.mul(outputs.y, outputs.y.shape.length === 2 ? gain() : 3));
      };
      if (numbers[name].gradient) outputs.gradient = valueAndGradients((at) => score(at.x), inputs).gradients.x;
      else score(inputs.x);
      return { outputs };
    },
    { state: createState({}), inputs: { x: { shape } }, device },
  );
  const found = await step.run({ x: Float32Array.from(inputs) });
  await step.release();
  return found;
}

/** Equal but for rounding; the sigmoid and the exponential of a runtime may be off by 1e-7 of 1. */
const agrees = (found: number, expected: number) =>
  Object.is(found, expected) ||
  found === expected ||
  (Number.isFinite(expected) && Math.abs(found - expected) <= 1e-7 + 5e-6 * Math.abs(expected));

describe.each(list)('$name', (c) => {
  const { name, inputs, shape, numbers, slopeAt = {}, leavesOut = () => false } = c;
  const width = shape[1] ?? 1;
  const rowOf = (i: number) => inputs.slice(i * width, (i + 1) * width);

  it.each(devices)('has PyTorch’s values and slopes at its kinks and extremes on $name', async (device) => {
    const found = await compute(device, c);
    const { y, gradient = [] } = numbers[name];
    for (const [key, written] of Object.entries({ y, gradient })) {
      const per = written.length / shape[0];
      const wrong = written.flatMap((value, i) => {
        const row = rowOf(Math.floor(i / per));
        // PyTorch's own functions disagree about the slope at NaN
        if (leavesOut(row) || (key === 'gradient' && width === 1 && Number.isNaN(row[0]))) return [];
        const slope = key === 'gradient' && width === 1 ? slopeAt[String(row[0])] : undefined;
        const expected = slope === undefined ? Number(value) : 3 * slope;
        return agrees(found[key][i], expected) ? [] : [`${key} at ${row}: ${found[key][i]}, not ${expected}`];
      });
      expect(wrong).toEqual([]);
    }
  });

  it('gives the same results traced and eager, even for NaN', async () => {
    const [traced, eager] = [await compute(tracedCpu, c), await compute(eagerCpu, c)];
    for (const key of Object.keys(eager)) {
      const per = eager[key].length / shape[0];
      const wrong = [...eager[key]].flatMap((value, i) =>
        leavesOut(rowOf(Math.floor(i / per))) || agrees(traced[key][i], value)
          ? []
          : [`${key}[${i}] is ${traced[key][i]} traced and ${value} eagerly`],
      );
      expect(wrong).toEqual([]);
    }
  });
});

it('has the expected numbers of every case', () => {
  const stored = [...Object.keys(fixture.pointwise), ...Object.keys(fixture.rowwise)];
  expect(list.map(({ name }) => name).sort()).toEqual(stored.sort());
});
