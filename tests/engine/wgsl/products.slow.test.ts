/** Every tile computes the same products, whatever their shapes; trials remember the fastest. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Device } from '#engine/device';
import type { Program, TensorData } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { fp32, type Tile } from '#engine/wgsl/products';
import { gpuDevices } from '../../parity/devices.ts';
import { difference, tracedCpu } from '../devices.ts';

/** Aligned and odd sizes, heads read in place, both operands transposed. */
const program: Program = ({ inputs: { a, b, c, heads } }) => ({
  outputs: {
    plain: tf.matMul(a, b),
    transposed: tf.matMul(b, a, true, true),
    odd: tf.add(tf.matMul(c, c, true), 1),
    heads: tf.matMul(tf.transpose(heads, [1, 2, 0, 3]), tf.transpose(heads, [1, 2, 0, 3]), false, true),
  },
});
const inputs = {
  a: { shape: [68, 36] },
  b: { shape: [36, 132] },
  c: { shape: [19, 33] },
  heads: { shape: [9, 2, 3, 8] },
};
const batch: Record<string, TensorData> = Object.fromEntries(
  Object.entries(inputs).map(([name, { shape }], k) => [
    name,
    Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => ((i * 13 + k) % 17) / 17 - 0.5),
  ]),
);
async function run(device: Device) {
  const step = await compileStep(program, { state: createState({}), inputs, device });
  const outputs = await step.run(batch);
  await step.release();
  return outputs;
}

it('offers only tiles whose strips fit into a workgroup’s shared memory', () => {
  expect(fp32.tilesWithin(16384).length).toBeGreaterThan(3);
  expect(fp32.tilesWithin(16384)).not.toContainEqual(expect.objectContaining({ rows: 128, columns: 128 }));
  expect(fp32.tilesWithin(32768)).toContainEqual(expect.objectContaining({ rows: 128, columns: 128 }));
});

describe.each(gpuDevices)('on $name', (device) => {
  const shared = device.kind === 'wgsl' ? device.gpu.limits.maxComputeWorkgroupStorageSize : 0;
  const withTiles = (get: () => Tile | undefined, save: (found: ReadonlyMap<string, Tile>) => void): Device =>
    device.kind === 'wgsl' ? { ...device, tiles: { get, save } } : device;

  it.each(fp32.tilesWithin(shared))(
    'tiles of $rows × $columns, $threadRows × $threadColumns a thread',
    async (tile) => {
      const expected = await run(tracedCpu);
      const found = await run(
        withTiles(
          () => tile,
          () => {},
        ),
      );
      for (const name of Object.keys(expected))
        expect(difference(found[name], expected[name]), name).toBeLessThan(1e-5);
    },
  );

  it('a trial tries every product once and saves a tile for each', async () => {
    const known = new Map<string, Tile>();
    const own = withTiles(
      () => undefined,
      (found) => {
        for (const [key, tile] of found) known.set(key, tile);
      },
    );
    await run(own);
    expect([...known.keys()].sort()).toEqual(
      ['1x132x68x36 A^T B^T', '1x33x33x19 A^T', '1x68x132x36', '6x9x9x8 B^T'].sort(),
    );
    for (const tile of known.values()) expect(fp32.tilesWithin(shared)).toContainEqual(tile);
  });
});
