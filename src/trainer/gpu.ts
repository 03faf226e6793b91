/** Opens this machine's GPU through Dawn (the optional package `webgpu`). */
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

/** Kept for ever: Dawn ends the process where it is collected. */
let instance: ReturnType<Dawn['create']> | undefined;

/** Kernels write what they share in a workgroup before they read it, and software Vulkan takes seconds to write zeros first. */
const dawnOptions = ['enable-dawn-features=allow_unsafe_apis,disable_workgroup_init'];

/** Limits of which the adapter's best is asked for; the rest stay at what WebGPU promises. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
] as const;

export interface GpuOptions {
  /** Runs steps with an operator that has no WGSL. */
  fallback(): Promise<OnnxDevice>;
  say?(line: string): void;
  /** Where the fastest tiles of products are kept; absent: none is tried. */
  home?: string;
}

/** A trial on a GPU in software would take minutes and gain nothing. */
const isSoftware = (title: string): boolean => /swiftshader|llvmpipe|basic render/i.test(title);

/** Throws when the package or an adapter is missing. */
export async function openGpu({
  fallback,
  say = (line) => console.error(line),
  home,
}: GpuOptions): Promise<WgslDevice> {
  const name = 'webgpu'; // an optional package without a place in the types
  const dawn = (await import(name)) as Dawn;
  instance ??= dawn.create(dawnOptions);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('Dawn finds no GPU.');
  const gpu = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(wantedLimits.map((limit) => [limit, adapter.limits[limit]])),
  });
  const { vendor, architecture, description } = adapter.info;
  const title = description || [vendor, architecture].filter(Boolean).join(' ') || 'unknown adapter';
  const tiles = home === undefined || isSoftware(title) ? undefined : tileCache(home, title);
  return { kind: 'wgsl', name: `webgpu (${title})`, gpu, fallback, say, tiles };
}
