/** Memory of a GPU that several steps share: frozen weights, and the state of a run. */
import { sizeOf } from '../graph.ts';
import type { Frozen, Spec, TensorData } from '../program.ts';
import type { Resident } from '../state.ts';
import { type Gpu, type GpuBuffer, mapForReading, usage } from './gpu.ts';
import type { Place } from './kernelWriter.ts';
import { aligned, alignment, requireBuffer } from './memory.ts';

export const storageBuffer = (gpu: Gpu, words: number, label: string): GpuBuffer =>
  gpu.createBuffer({
    label,
    size: 4 * Math.max(words, alignment),
    usage: usage.storage | usage.copySource | usage.copyTarget,
  });

const frozenBuffers = new WeakMap<Gpu, Map<Frozen, { buffer: GpuBuffer; users: number }>>();

/** The buffer of a frozen value, which steps share. Call `release` when a step no longer needs it. */
export function frozenBuffer(gpu: Gpu, name: string, frozen: Frozen): { buffer: GpuBuffer; release(): void } {
  const all = frozenBuffers.get(gpu) ?? new Map<Frozen, { buffer: GpuBuffer; users: number }>();
  frozenBuffers.set(gpu, all);
  let entry = all.get(frozen);
  if (!entry) {
    entry = { buffer: storageBuffer(gpu, sizeOf(frozen.shape), name), users: 0 };
    upload(gpu, entry.buffer, 0, frozen.read());
    all.set(frozen, entry);
  }
  entry.users++;
  const held = entry;
  return {
    buffer: held.buffer,
    release() {
      if (--held.users > 0) return;
      held.buffer.destroy();
      all.delete(frozen);
    },
  };
}

/** Bytes that are sent to the GPU at a time; the queue copies them. */
const largestPiece = 2 ** 26;

/** Writes data into a buffer from word `offset` on. */
export function upload(gpu: Gpu, buffer: GpuBuffer, offset: number, data: TensorData): void {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  for (let from = 0; from < bytes.length; from += largestPiece) {
    const piece = bytes.subarray(from, Math.min(from + largestPiece, bytes.length));
    gpu.queue.writeBuffer(buffer, 4 * offset + from, piece);
  }
}

/** The state of a run in a GPU's memory. The steps of the run share it. */
export interface GpuState extends Resident {
  readonly gpu: Gpu;
  bufferOf(block: string): GpuBuffer;
  /** Sends values that the host has changed. */
  send(): void;
  /** Records that a step has written the values of these names. */
  wrote(names: readonly string[]): void;
}

/** Where each value of state lies, and the words of each block. Throws `device` for one that fits no buffer. */
export function placeState(
  specs: Readonly<Record<string, Spec>>,
  { maxStorageBufferBindingSize }: Pick<Gpu['limits'], 'maxStorageBufferBindingSize'>,
): { places: ReadonlyMap<string, Place>; sizes: number[] } {
  const places = new Map<string, Place>();
  const sizes: number[] = [];
  for (const [name, { shape }] of Object.entries(specs)) {
    const size = aligned(sizeOf(shape));
    requireBuffer(name, size, maxStorageBufferBindingSize);
    if (sizes.length === 0 || 4 * (sizes.at(-1)! + size) > maxStorageBufferBindingSize) sizes.push(0);
    places.set(name, { block: `state${sizes.length - 1}`, offset: sizes.at(-1)! });
    sizes[sizes.length - 1] += size;
  }
  return { places, sizes };
}

/** `get` returns the host's array of a value, which is current until a step on the GPU changes it. */
export function gpuState(
  specs: Readonly<Record<string, Required<Spec>>>,
  get: (name: string) => TensorData,
  gpu: Gpu,
): GpuState {
  const { places, sizes } = placeState(specs, gpu.limits);
  const buffers = new Map<string, GpuBuffer>(
    sizes.map((size, k) => [`state${k}`, storageBuffer(gpu, size, `state${k}`)]),
  );
  const sent = new Set<string>(); // values that the GPU has
  const newer = new Set<string>(); // values that only the GPU has
  const bufferOf = (block: string) => buffers.get(block)!;

  const fetch = async () => {
    let batch: string[] = [];
    let bytes = 0;
    const names = [...newer];
    for (const [k, name] of names.entries()) {
      batch.push(name);
      bytes += 4 * aligned(sizeOf(specs[name].shape));
      if (bytes < largestPiece && k < names.length - 1) continue;
      await fetchBatch(batch, bytes);
      [batch, bytes] = [[], 0];
    }
    newer.clear();
  };
  const fetchBatch = async (names: readonly string[], bytes: number) => {
    const staging = gpu.createBuffer({ size: bytes, usage: usage.mapRead | usage.copyTarget });
    try {
      const encoder = gpu.createCommandEncoder();
      let at = 0;
      const starts = names.map((name) => {
        const { block, offset } = places.get(name)!;
        const size = 4 * sizeOf(specs[name].shape);
        encoder.copyBufferToBuffer(bufferOf(block), 4 * offset, staging, at, size);
        at += 4 * aligned(size / 4);
        return at - 4 * aligned(size / 4);
      });
      gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(mapForReading);
      const mapped = staging.getMappedRange();
      names.forEach((name, k) => {
        const data = get(name);
        const view = data instanceof Int32Array ? Int32Array : Float32Array;
        data.set(new view(mapped, starts[k], data.length));
      });
      staging.unmap();
    } finally {
      staging.destroy();
    }
  };
  return {
    gpu,
    bufferOf,
    send() {
      for (const [name, { block, offset }] of places) {
        if (sent.has(name)) continue;
        upload(gpu, bufferOf(block), offset, get(name));
        sent.add(name);
      }
    },
    wrote(names) {
      for (const name of names) newer.add(name);
    },
    changed(name) {
      sent.delete(name);
      newer.delete(name);
    },
    isNewer: (name) => newer.has(name),
    fetch,
    async leave() {
      await fetch();
      sent.clear();
    },
    async release() {
      for (const buffer of buffers.values()) buffer.destroy();
      sent.clear();
      newer.clear();
    },
  };
}
