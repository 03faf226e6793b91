/** Random initial values of parameters. They depend only on the seed and the name of the parameter. */
import { type Random, randomStream } from '#contract/random';
import type { Initializer } from './model.ts';

export function initialize(kind: Initializer, shape: number[], seed: number, name: string): Float32Array {
  const random = randomStream(seed, 'init', name);
  const size = shape.reduce((a, b) => a * b, 1);
  if ('orthogonal' in kind) return orthogonal(gaussian(random, size), shape[0], shape[1], kind.orthogonal);
  const values = new Float32Array(size);
  if ('fill' in kind) return values.fill(kind.fill);
  if ('normal' in kind) for (let i = 0; i < size; i++) values[i] = (kind.mean ?? 0) + kind.normal * random.normal();
  else for (let i = 0; i < size; i++) values[i] = kind.uniform * (2 * random.uniform() - 1);
  return values;
}

const gaussian = (random: Random, size: number): Float64Array =>
  Float64Array.from({ length: size }, () => random.normal());

/**
 * Like torch.nn.init.orthogonal_: `gain` times the Q of a QR decomposition of the Gaussian matrix a [rows, columns], where R has
 * a positive diagonal. Computed by modified Gram–Schmidt in float64, over the shorter side.
 */
export function orthogonal(a: Float64Array, rows: number, columns: number, gain: number): Float32Array {
  const tall = rows >= columns;
  const [length, count] = tall ? [rows, columns] : [columns, rows];
  const vectors = Array.from({ length: count }, (_, j) =>
    Float64Array.from({ length }, (_, i) => (tall ? a[i * columns + j] : a[j * columns + i])),
  );
  for (let j = 0; j < count; j++) {
    const v = vectors[j];
    for (let k = 0; k < j; k++) {
      const u = vectors[k];
      let dot = 0;
      for (let i = 0; i < length; i++) dot += u[i] * v[i];
      for (let i = 0; i < length; i++) v[i] -= dot * u[i];
    }
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < length; i++) v[i] /= norm;
  }
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[i * columns + j] = gain * (tall ? vectors[j][i] : vectors[i][j]);
  }
  return out;
}
