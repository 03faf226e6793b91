/** Index arithmetic of views, evaluated in JavaScript and compared with what tfjs moves. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { traceProgram } from '#engine/trace';
import { indexBelow, viewOf } from '#engine/wgsl/views';

beforeAll(() => tf.setBackend('cpu'));

/** A move that fits any shape, chosen by two numbers. */
type Move = (x: tf.Tensor, a: number, b: number) => tf.Tensor;
const moves: Move[] = [
  (x, a, b) => {
    const perm = x.shape.map((_, k) => k).sort((i, j) => ((i * 7 + a) % 5) - ((j * 7 + b) % 5) || i - j);
    return tf.transpose(x, perm);
  },
  (x) => tf.reshape(x, [x.size]),
  (x, a) => {
    const divisors = [1, 2, 3, 4, 6].filter((d) => x.size % d === 0);
    const d = divisors[a % divisors.length];
    return tf.reshape(x, [d, x.size / d]);
  },
  (x, a, b) => {
    const axis = a % x.shape.length;
    const begin = x.shape.map((size, k) => (k === axis ? b % size : 0));
    return tf.slice(
      x,
      begin,
      x.shape.map((size, k) => size - begin[k]),
    );
  },
  (x, a) => tf.tile(tf.expandDims(x, a % (x.shape.length + 1)), [1, ...x.shape.map(() => 1)]),
  (x) => tf.broadcastTo(tf.expandDims(x, 0), [2, ...x.shape]),
  (x, a) => {
    const axis = x.shape.findIndex((size) => size % 2 === 0);
    return axis < 0 ? x : tf.split(x, 2, axis)[a % 2];
  },
];

it('any chain of views reads the elements that moving them would put there', () => {
  const chain = fc.array(fc.tuple(fc.nat(moves.length - 1), fc.nat(20), fc.nat(20)), { maxLength: 5 });
  fc.assert(
    fc.property(chain, (steps) => {
      const shape = [2, 3, 4];
      const moved = (x: tf.Tensor) => steps.reduce((y, [which, a, b]) => moves[which](y, a, b), x);
      const expected = tf.tidy(() => Array.from(moved(tf.reshape(tf.range(0, 24), shape)).dataSync()));
      const { outputs } = traceProgram(({ inputs }) => ({ outputs: { y: moved(inputs.x) } }), {
        ...{ state: {}, frozen: {} },
        inputs: { x: { shape } },
      });
      const { root, layouts } = viewOf(outputs.get('y')!);
      if (root.source.kind !== 'input') return; // something in the chain is no view
      const found = expected.map((_, i) =>
        layouts.reduceRight((at, layout) => evaluate(indexBelow(layout, 'i'), at), i),
      );
      expect(found).toEqual(expected);
    }),
    { seed: 3, numRuns: 300 },
  );
});

/** WGSL of u32 arithmetic with one name, as a number. */
const evaluate = (code: string, i: number): number => {
  const words = code.replace(/(\d)u/g, '$1').replace(/([\w]+) \/ (\d+)/g, 'Math.floor($1 / $2)');
  return Number(new Function('i', `return ${words};`)(i));
};
