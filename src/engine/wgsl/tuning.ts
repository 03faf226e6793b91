/** Finds the fastest tile for each matrix product of a step on a GPU by a short timed trial, and remembers the result. */
import { Graph } from '../graph.ts';
import { openExecution } from './executor.ts';
import type { Gpu } from './gpu.ts';
import { type MatrixUnit, productFormOf } from './matrixProducts.ts';
import { planStep } from './plan.ts';
import { likelyTile, type ProductShape, type Tile, type TileMemory } from './products.ts';

export function productKey(shape: ProductShape, unit: MatrixUnit | undefined): string {
  const { batch, m, n, k, transA, transB } = shape;
  return `${batch}x${m}x${n}x${k}${transA ? ' A^T' : ''}${transB ? ' B^T' : ''}${productFormOf(shape, unit).name}`;
}

/** Runs of a trial, of which the fastest counts. Each holds enough products for a clock on the host to tell tiles apart. */
const [runs, products] = [3, 8];

/** Finds the tiles of all products that are not in `memory`; returns a function that maps a product to its tile. */
export async function tunedTiles(
  gpu: Gpu,
  shapes: readonly ProductShape[],
  memory: TileMemory,
  unit: MatrixUnit | undefined,
): Promise<(shape: ProductShape) => Tile | undefined> {
  const found = new Map<string, Tile>();
  for (const shape of shapes) {
    const key = productKey(shape, unit);
    if (found.has(key) || memory.get(key)) continue;
    const tiles = productFormOf(shape, unit).tilesWithin(gpu.limits.maxComputeWorkgroupStorageSize);
    let best = { tile: likelyTile(shape, tiles), ms: Number.POSITIVE_INFINITY };
    for (const tile of tiles) {
      const ms = await trial(gpu, shape, tile, unit);
      if (ms < best.ms) best = { tile, ms };
    }
    found.set(key, best.tile);
  }
  if (found.size > 0) memory.save(found);
  return (shape) => found.get(productKey(shape, unit)) ?? memory.get(productKey(shape, unit));
}

async function trial(gpu: Gpu, shape: ProductShape, tile: Tile, unit: MatrixUnit | undefined): Promise<number> {
  const { batch, m, n, k, transA, transB } = shape;
  const g = new Graph();
  const a = g.input('a', [batch, ...(transA ? [k, m] : [m, k])], 'float32');
  const b = g.input('b', [batch, ...(transB ? [n, k] : [k, n])], 'float32');
  const noState = () => {
    throw new Error('internal: a trial has no state');
  };
  const plan = planStep(g, new Map([['y', g.matMul(a, b, transA, transB)]]), {
    ...{ limits: gpu.limits, tileFor: () => tile, unit, placeOfState: noState },
  });
  const execution = await openExecution(gpu, plan, noState);
  try {
    await execution.time(1);
    const times: number[] = [];
    for (let run = 0; run < runs; run++) times.push(await execution.time(products));
    return Math.min(...times);
  } finally {
    await execution.release();
  }
}
