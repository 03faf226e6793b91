/** Every tile computes the same products, whatever their shapes; trials remember the fastest. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Device } from '#engine/device';
import type { Program, TensorData } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { productFormOf } from '#engine/wgsl/matrixProducts';
import { fp32, type Tile } from '#engine/wgsl/products';
import { openGpu } from '#trainer/gpu';
import { gpuDevices, mixedDevices } from '../../parity/devices.ts';
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

const sharedOf = (device: Device) => (device.kind === 'wgsl' ? device.gpu.limits.maxComputeWorkgroupStorageSize : 0);
/** The same device with this memory of tiles. */
const withTiles = (
  device: Device,
  get: (key: string) => Tile | undefined,
  save: (found: ReadonlyMap<string, Tile>) => void = () => {},
): Device => (device.kind === 'wgsl' ? { ...device, tiles: { get, save } } : device);

describe.each(gpuDevices)('on $name', (device) => {
  const shared = sharedOf(device);

  it.each(fp32.tilesWithin(shared))(
    'tiles of $rows × $columns, $threadRows × $threadColumns a thread',
    async (tile) => {
      const expected = await run(tracedCpu);
      const found = await run(withTiles(device, () => tile));
      for (const name of Object.keys(expected))
        expect(difference(found[name], expected[name]), name).toBeLessThan(1e-5);
    },
  );

  it('a trial tries every product once and saves a tile for each', async () => {
    const known = new Map<string, Tile>();
    const own = withTiles(
      device,
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

describe.skipIf(gpuDevices.length === 0 || mixedDevices.length > 0)('an adapter without matrix units', () => {
  it('is refused for precision mixed, with its name and the remedy', async () => {
    await expect(openGpu({ fallback: async () => tracedCpu, precision: 'mixed' })).rejects.toMatchObject({
      code: 'device',
      message: expect.stringMatching(
        /^Precision mixed needs a graphics card with matrix units .* is emulated on the processor and has none \(.+\)\. Choose precision fp32\.$/,
      ),
    });
  });
});

describe.each(mixedDevices)('on $name', (device) => {
  const unit = device.kind === 'wgsl' ? device.unit : undefined;
  const matrixTiles = productFormOf({ batch: 1, m: 99, n: 99, k: 99, transA: false, transB: false }, unit).tilesWithin(
    sharedOf(device),
  );

  it.each(matrixTiles)('tiles of $rows × $columns, $threadRows × $threadColumns a subgroup', async (tile) => {
    const expected = await run(tracedCpu);
    const tried: string[] = [];
    const found = await run(
      withTiles(device, (key) => {
        tried.push(key);
        return key.endsWith('f16') ? tile : undefined;
      }),
    );
    expect(tried).toContain('1x68x132x36 f16');
    for (const name of Object.keys(expected)) {
      const off = difference(found[name], expected[name]);
      expect(off, name).toBeLessThan(2e-3);
      expect(off, name).toBeGreaterThan(1e-6); // operands were rounded
    }
  });

  it('a NaN stays one and a value beyond 16-bit floats becomes the largest, so that a run that diverges shows it', async () => {
    const step = await compileStep(
      ({ inputs: { a, b } }) => ({ outputs: { y: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D) } }),
      {
        ...{ state: createState({}), inputs: { a: { shape: [16, 16] }, b: { shape: [16, 16] } }, device },
      },
    );
    const a = new Float32Array(256);
    a[0] = Number.NaN;
    a[16] = 1e6;
    const { y } = await step.run({ a, b: new Float32Array(256).fill(1) });
    await step.release();
    expect([y[0], y[16], y[32]]).toEqual([Number.NaN, 65504, 0]);
  });
});
