/**
 * Plans how a GPU computes the graph of a step: the kernels in order, with their code and parameters, and the place of every
 * value. Pure: nothing here needs a GPU.
 */
import { type Graph, nodeOf, sizeOf, type Value } from '../graph.ts';
import type { Frozen } from '../program.ts';
import { decompose } from './decompose.ts';
import { type Group, groupNodes } from './groups.ts';
import { foldKernel, mapKernel, partialSums, rowsKernel, squaresKernels } from './kernels.ts';
import { type BlockUse, gridOf, type Kernel, type KernelContext, type Place } from './kernelWriter.ts';
import { NoWgslError } from './lowerings.ts';
import { type MatrixUnit, productFormOf } from './matrixProducts.ts';
import { aligned, placeValues, requireBuffer } from './memory.ts';
import { orderGroups } from './order.ts';
import { likelyTile, type ProductShape, shapeOfProduct, type Tile } from './products.ts';
import { rootOf, viewOf } from './views.ts';

/** The limits of a device that a plan depends on, in bytes. */
export interface PlanLimits {
  maxStorageBufferBindingSize: number;
  maxStorageBuffersPerShaderStage: number;
  maxComputeWorkgroupStorageSize: number;
}

export interface Dispatch {
  label: string;
  code: string;
  blocks: readonly BlockUse[];
  /** Words of its uniform. */
  parameters: number[];
  workgroups: Kernel['workgroups'];
}

/** A stretch of a block, in words. */
export interface Stretch extends Place {
  size: number;
}

export interface Plan {
  dispatches: Dispatch[];
  /** Words of the blocks that belong to the step alone, by name. */
  blocks: Map<string, number>;
  /** Parameters of kernels that run at once. */
  table: number[];
  /** The places of inputs and noise, by name. */
  inputs: Map<string, Stretch>;
  /** The places of outputs after a step, by name. */
  outputs: Map<string, Stretch & { dtype: 'float32' | 'int32' }>;
  /** New state that cannot overwrite the old one directly and is copied there after the step. */
  copies: { from: Stretch; to: Place }[];
  /** Frozen values by block. Each has its own block. */
  frozen: Map<string, Frozen>;
  /** Matrix products in it. */
  products: ProductShape[];
  constants: { at: Stretch; data: ArrayLike<number> & Iterable<number>; dtype: Value['dtype'] }[];
}

/** Bytes of the frozen weights that a plan reads. Steps share those of one name. */
export const frozenBytes = ({ frozen }: Plan): [name: string, bytes: number][] =>
  [...frozen].map(([name, { shape }]) => [name, 4 * aligned(sizeOf(shape))]);

/** Bytes of the buffers that belong to a step alone. */
export const stepBytes = ({ blocks }: Plan): number => 4 * [...blocks.values()].reduce((a, b) => a + b, 0);

/** Bytes of a step on the GPU, without its state. */
export const planBytes = (plan: Plan): number =>
  frozenBytes(plan).reduce((sum, [, bytes]) => sum + bytes, stepBytes(plan));

export interface PlanOptions {
  limits: PlanLimits;
  /** Returns the place of a state. */
  placeOfState(name: string): Place;
  /** The tile for a product; absent: a likely one. */
  tileFor?(shape: ProductShape): Tile | undefined;
  /** Matrix units for products that are large enough; absent: all are computed in 32-bit floats. */
  unit?: MatrixUnit;
}

/** Blocks of a step: for values passed between kernels, inputs, constants, outputs, and parameters of batches. */
export const blockNames = { inputs: 'inputs', constants: 'constants', outputs: 'outputs', table: 'table' } as const;

/**
 * Plans the graph that computes `values`: outputs by name, and new state under `next/<name>`. Throws `device` where an
 * operator has no WGSL or the step does not fit the limits.
 */
export function planStep(g: Graph, values: ReadonlyMap<string, Value>, options: PlanOptions): Plan {
  const names = [...values.keys()];
  const targets = new Map<string, Value>();
  const taken = new Set<Value>();
  decompose(g, [...values.values()]).forEach((v, k) => {
    const root = rootOf(v);
    const isOwn = nodeOf(root) && viewOf(v).layouts.length === 0 && sizeOf(root.shape) === sizeOf(v.shape);
    const target =
      isOwn && !taken.has(root) && nodeOf(root)!.outputs.length === 1
        ? root
        : g.node('Identity', [v], [[v.shape, v.dtype]], { copy: names[k] })[0];
    taken.add(target);
    targets.set(names[k], target);
  });
  const grouping = groupNodes([...targets.values()]);
  const newState = new Map(
    names.filter((name) => name.startsWith('next/')).map((name) => [name.slice('next/'.length), targets.get(name)!]),
  );
  const nameOf = new Map([...targets].map(([name, v]) => [v, name]));

  const inputs = new Map<string, Stretch>();
  const constants: Plan['constants'] = [];
  const frozen = new Map<string, Frozen>();
  const fixed = new Map<Value, Place>();
  const ends: Record<string, number> = {};
  const take = (block: string, size: number): Stretch => {
    const offset = ends[block] ?? 0;
    ends[block] = offset + aligned(size);
    return { block, offset, size };
  };
  const givenPlace = (v: Value): Place => {
    let place = fixed.get(v);
    if (place) return place;
    const { source } = v;
    if (source.kind === 'input' && source.name.startsWith('state/')) place = options.placeOfState(source.name.slice(6));
    else if (source.kind === 'input') {
      place = inputs.get(source.name) ?? take(blockNames.inputs, sizeOf(v.shape));
      inputs.set(source.name, { ...place, size: sizeOf(v.shape) });
    } else if (source.kind === 'frozen') {
      frozen.set(source.name, source.frozen);
      place = { block: source.name, offset: 0 };
    } else if (source.kind === 'const') {
      const at = take(blockNames.constants, sizeOf(v.shape));
      constants.push({ at, data: source.data as Float32Array, dtype: v.dtype });
      place = at;
    } else throw new Error(`internal: ${nodeOf(v)?.op ?? source.kind} [${v.shape}] is in no memory`);
    fixed.set(v, place);
    return place;
  };

  const outputs: Plan['outputs'] = new Map();
  for (const [name, v] of targets) {
    if (name.startsWith('next/')) continue;
    const at = take(blockNames.outputs, sizeOf(v.shape));
    outputs.set(name, { ...at, dtype: v.dtype === 'float32' ? 'float32' : 'int32' });
    fixed.set(v, at);
  }

  const scratch = new Map<Group, Value>();
  for (const group of grouping.groups)
    if (group.kind === 'squares')
      scratch.set(group, g.value([partialSums(group)], 'float32', { kind: 'input', name: 'scratch' }));
  const arena = new Map<Value, Place>();
  const placeOf = (v: Value, inPlace: ReadonlySet<string>): Place => {
    const name = nameOf.get(v);
    if (name?.startsWith('next/') && inPlace.has(name.slice(5))) return options.placeOfState(name.slice(5));
    const isScratch = v.source.kind === 'input' && v.source.name === 'scratch';
    if (isScratch || (nodeOf(v) && !fixed.has(v))) return arena.get(v) ?? { block: 'arena0', offset: 0 };
    return givenPlace(v);
  };
  const written = new Map<Group, Kernel[]>();
  const write = (group: Group, inPlace: ReadonlySet<string>): Kernel[] => {
    let kernels = written.get(group);
    if (kernels) return kernels;
    const context: KernelContext = { stored: grouping.stored, blockOf: (v) => placeOf(v, inPlace).block };
    kernels = kernelsOf(group, context, scratch.get(group), options);
    written.set(group, kernels);
    return kernels;
  };
  const batchKey = (group: Group, inPlace: ReadonlySet<string>): string | null => {
    if (group.kind !== 'map') return null;
    const [kernel] = write(group, inPlace);
    return JSON.stringify([kernel.code, kernel.blocks]);
  };
  const { order, inPlace, loads } = orderGroups(grouping, newState, batchKey);

  // memory of values that are passed between kernels
  const spans = new Map<Value, { from: number; to: number }>();
  const touch = (v: Value, at: number) => {
    const span = spans.get(v);
    if (span) span.to = at;
    else spans.set(v, { from: at, to: at });
  };
  const isTransient = (v: Value) => placeOf(v, inPlace).block.startsWith('arena');
  order.forEach((batch, at) => {
    for (const group of batch) {
      for (const v of loads.get(group)!) if (isTransient(v)) touch(v, at);
      for (const v of group.roots) if (grouping.stored.has(v) && isTransient(v)) touch(v, at);
      if (scratch.has(group)) touch(scratch.get(group)!, at);
    }
  });
  for (const [name, v] of newState) if (!inPlace.has(name)) touch(v, order.length);
  const largest = Math.floor(options.limits.maxStorageBufferBindingSize / 4);
  const lifetimes = [...spans].map(([v, span]) => ({ size: sizeOf(v.shape), ...span }));
  const { places, blocks: arenaBlocks } = placeValues(lifetimes, largest);
  [...spans.keys()].forEach((v, k) => {
    arena.set(v, { block: `arena${places[k].block}`, offset: places[k].offset });
  });
  if (arenaBlocks.length > 1) written.clear();

  const table: number[] = [];
  const dispatches = order.flatMap((batch) => {
    const kernels = batch.map((group) => write(group, inPlace));
    const words = (kernel: Kernel, first: number) => [
      kernel.size,
      first,
      ...kernel.slots.map(({ value, shift }) => placeOf(value, inPlace).offset + shift),
    ];
    return byCode(kernels.flat()).map((alike) => dispatchOf(alike, words, table));
  });

  const blocks = new Map(Object.entries(ends));
  arenaBlocks.forEach((size, k) => {
    blocks.set(`arena${k}`, size);
  });
  if (table.length > 0) blocks.set(blockNames.table, table.length);
  checkLimits({ dispatches, blocks, frozen }, options.limits);
  return {
    ...{ dispatches, blocks, table, inputs, outputs, constants, frozen },
    products: grouping.groups.filter(({ kind }) => kind === 'product').map(shapeOfProduct),
    copies: [...newState].flatMap(([name, v]) =>
      inPlace.has(name)
        ? []
        : [{ from: { ...placeOf(v, inPlace), size: sizeOf(v.shape) }, to: options.placeOfState(name) }],
    ),
  };
}

function kernelsOf(group: Group, context: KernelContext, partial: Value | undefined, options: PlanOptions): Kernel[] {
  switch (group.kind) {
    case 'map':
      return [mapKernel(group, context)];
    case 'rows':
      return [rowsKernel(group, context)];
    case 'fold':
      return [foldKernel(group, context)];
    case 'squares':
      return squaresKernels(group, context, partial!);
    case 'product': {
      const shape = shapeOfProduct(group);
      const form = productFormOf(shape, options.unit);
      const tiles = form.tilesWithin(options.limits.maxComputeWorkgroupStorageSize);
      return [form.kernel(group, context, options.tileFor?.(shape) ?? likelyTile(shape, tiles))];
    }
  }
}

/** Kernels that follow each other and have the same code can be one dispatch. */
function byCode(kernels: readonly Kernel[]): Kernel[][] {
  const runs: Kernel[][] = [];
  for (const kernel of kernels) {
    const [first] = runs.at(-1) ?? [];
    const isSame =
      first?.batched && first.code === kernel.code && JSON.stringify(first.blocks) === JSON.stringify(kernel.blocks);
    if (isSame) runs.at(-1)!.push(kernel);
    else runs.push([kernel]);
  }
  return runs;
}

function dispatchOf(
  kernels: readonly Kernel[],
  words: (kernel: Kernel, first: number) => number[],
  table: number[],
): Dispatch {
  const [{ label, code, batched, blocks, workgroups }] = kernels;
  if (kernels.length === 1) return { label, code, blocks, parameters: words(kernels[0], 0), workgroups };
  const counts = kernels.map((kernel) => kernel.workgroups[0] * kernel.workgroups[1]);
  const total = counts.reduce((a, b) => a + b, 0);
  const which = table.length;
  counts.forEach((count, k) => {
    for (let i = 0; i < count; i++) table.push(k);
  });
  const parameters = [which, table.length, total];
  let first = 0;
  kernels.forEach((kernel, k) => {
    table.push(...words(kernel, first));
    first += counts[k];
  });
  return {
    label: `${label} × ${kernels.length}`,
    code: batched!,
    blocks: [...blocks, { block: blockNames.table, writes: false }],
    parameters,
    workgroups: gridOf(total),
  };
}

/** Blocks in words for people. */
const meanings: Record<string, string> = {
  [blockNames.inputs]: 'A batch with its random words',
  [blockNames.constants]: 'The table of constants',
  [blockNames.outputs]: 'The output',
  [blockNames.table]: 'The table of parameters',
};

function checkLimits(
  { dispatches, blocks, frozen }: Pick<Plan, 'dispatches' | 'blocks' | 'frozen'>,
  limits: PlanLimits,
): void {
  const most = limits.maxStorageBuffersPerShaderStage;
  const wide = dispatches.find((dispatch) => dispatch.blocks.length > most);
  if (wide)
    throw new NoWgslError(`A kernel (${wide.label}) uses ${wide.blocks.length} buffers; this adapter allows ${most}.`);
  const sizes = [
    ...[...blocks].map(([name, words]) => [meanings[name] ?? 'The largest activation', words] as const),
    ...[...frozen].map(([name, { shape }]) => [name.replace(/^frozen\//, ''), sizeOf(shape)] as const),
  ];
  const [name, words] = sizes.reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
  requireBuffer(name, words, limits.maxStorageBufferBindingSize);
}
