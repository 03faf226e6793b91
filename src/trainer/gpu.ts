/** Opens this machine's GPU through Dawn, which the optional package `webgpu` contains. */
import { PermafrostError } from '#contract/errors';
import type { OnnxDevice, WgslDevice } from '#engine/device';
import type { Gpu } from '#engine/wgsl/gpu';
import { type AdapterFacts, isSoftware, matrixFeatures, matrixUnitOf, titleOf } from './adapter.ts';
import { tileCache } from './tileCache.ts';

interface Adapter extends AdapterFacts {
  readonly limits: Record<string, number>;
  requestDevice(descriptor: {
    requiredLimits: Record<string, number>;
    requiredFeatures: readonly string[];
  }): Promise<Gpu>;
}
interface Dawn {
  create(options: string[]): { requestAdapter(options?: object): Promise<Adapter | null> };
}

/** Never garbage-collected, because that crashes Dawn and with it the process. */
const instances = new Map<string, ReturnType<Dawn['create']>>();

/** Skips zeroing workgroup memory, which takes seconds on software Vulkan. Our kernels write this memory before they read it. */
const dawnFeatures = 'enable-dawn-features=allow_unsafe_apis,disable_workgroup_init';
/** The order of cards, fastest first. */
const preference = { powerPreference: 'high-performance' };

/** Limits that are raised to the adapter's maximum. The others stay at WebGPU's defaults. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
] as const;

export interface GpuOptions {
  /** Number of the graphics card in the list of `listGpus`; 0 is the fastest. */
  card?: number;
  /** Opens the device for steps with an operator that has no WGSL kernel. */
  fallback(why: string): Promise<OnnxDevice>;
  say?(line: string): void;
  /** Limits to request instead of the adapter's maximum. */
  limits?: Partial<Record<(typeof wantedLimits)[number], number>>;
  /** The home, which caches the fastest tiles of matrix products. If absent, none are tried. */
  home?: string;
  /** `mixed`: products of 16-bit floats on matrix units. Default: `fp32`. */
  precision?: 'fp32' | 'mixed';
}

async function requestAdapter(...options: string[]): Promise<Adapter | null> {
  const name = 'webgpu'; // not a literal in import(), so that the compiler does not look for the optional package
  const dawn = (await import(name)) as Dawn;
  const key = options.join();
  const instance = instances.get(key) ?? dawn.create([dawnFeatures, ...options]);
  instances.set(key, instance);
  return instance.requestAdapter(preference);
}

/** The names of the graphics cards in Dawn's complaint that none has the name it looked for, the fastest first. */
export const namesInComplaint = (complaint: string): string[] =>
  [...complaint.matchAll(/^ \* backend: '\w+', name: '(.*)'$/gm)].map(([, name]) => name);

/** Names of this machine's graphics cards, the fastest first. Throws when the package is missing. */
export async function listGpus(): Promise<string[]> {
  const nobody = '\u2205'; // Dawn lists its adapters only if none has the requested name
  try {
    await requestAdapter(`adapter=${nobody}`);
    return [];
  } catch (error) {
    return namesInComplaint(error instanceof Error ? error.message : String(error));
  }
}

/** What Dawn calls the card of this number. It finds cards by their names alone, so the second of two alike is out of its reach. */
export function nameOfGpu(card: number, names: readonly string[]): string {
  const name = names[card];
  const list = names.map((each, k) => `${k} ${each}`).join(', ') || 'none';
  if (name === undefined)
    throw new PermafrostError('device', `There is no graphics card ${card} here; WebGPU finds: ${list}.`);
  if (names.findIndex((each) => each.includes(name)) === card) return name;
  throw new PermafrostError(
    'device',
    `Graphics card ${card} cannot be told from one before it: ${list}. Let the Vulkan driver hide the others from this process, or choose device webgpu.`,
  );
}

/** Opens the GPU. Throws if the package or an adapter is missing. */
export async function openGpu({
  card = 0,
  fallback,
  say = (line) => console.error(line),
  limits = {},
  home,
  precision = 'fp32',
}: GpuOptions): Promise<WgslDevice> {
  const adapter = await (card === 0
    ? requestAdapter()
    : requestAdapter(`adapter=${nameOfGpu(card, await listGpus())}`));
  if (!adapter) throw new Error('Dawn found no GPU.');
  const title = titleOf(adapter);
  const unit = precision === 'mixed' ? matrixUnitOf(adapter) : undefined;
  const gpu = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(wantedLimits.map((limit) => [limit, limits[limit] ?? adapter.limits[limit]])),
    requiredFeatures: unit ? matrixFeatures : [],
  });
  const tiles = home === undefined || isSoftware(title) ? undefined : tileCache(home, title);
  return { kind: 'wgsl', name: `webgpu${card === 0 ? '' : `:${card}`} (${title})`, gpu, fallback, say, tiles, unit };
}
