/** Opens this machine's GPU through Dawn, which the optional package `webgpu` contains. */
import type { OnnxDevice, WgslDevice } from '#engine/device';
import type { Gpu } from '#engine/wgsl/gpu';
import { tileCache } from './tileCache.ts';

interface Adapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly description: string };
  readonly limits: Record<string, number>;
  requestDevice(descriptor: { requiredLimits: Record<string, number> }): Promise<Gpu>;
}
interface Dawn {
  create(options: string[]): { requestAdapter(options?: object): Promise<Adapter | null> };
}

/** Never garbage-collected, because that crashes Dawn and with it the process. */
let instance: ReturnType<Dawn['create']> | undefined;

/** Skips zeroing workgroup memory, which takes seconds on software Vulkan. Our kernels write this memory before they read it. */
const dawnOptions = ['enable-dawn-features=allow_unsafe_apis,disable_workgroup_init'];

/** Limits that are raised to the adapter's maximum. The others stay at WebGPU's defaults. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
] as const;

export interface GpuOptions {
  /** Opens the device for steps with an operator that has no WGSL kernel. */
  fallback(): Promise<OnnxDevice>;
  say?(line: string): void;
  /** The home, which caches the fastest tiles of matrix products. If absent, none are tried. */
  home?: string;
}

/** Whether the adapter is a GPU emulated in software, where trying tiles would take minutes and gain nothing. */
const isSoftware = (title: string): boolean => /swiftshader|llvmpipe|basic render/i.test(title);

/** Opens the GPU. Throws if the package or an adapter is missing. */
export async function openGpu({
  fallback,
  say = (line) => console.error(line),
  home,
}: GpuOptions): Promise<WgslDevice> {
  const name = 'webgpu'; // not a literal in import(), so that the compiler does not look for the optional package
  const dawn = (await import(name)) as Dawn;
  instance ??= dawn.create(dawnOptions);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('Dawn found no GPU.');
  const gpu = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(wantedLimits.map((limit) => [limit, adapter.limits[limit]])),
  });
  const { vendor, architecture, description } = adapter.info;
  const title = description || [vendor, architecture].filter(Boolean).join(' ') || 'unknown adapter';
  const tiles = home === undefined || isSoftware(title) ? undefined : tileCache(home, title);
  return { kind: 'wgsl', name: `webgpu (${title})`, gpu, fallback, say, tiles };
}
