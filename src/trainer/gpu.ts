/** Opens this machine's GPU through Dawn (the optional package `webgpu`). */
import type { OnnxDevice, WgslDevice } from '#engine/device';
import type { Gpu } from '#engine/wgsl/gpu';

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

/** Throws when the package or an adapter is missing. `fallback` runs steps with an operator that has no WGSL. */
export async function openGpu(
  fallback: () => Promise<OnnxDevice>,
  say: (line: string) => void = (line) => console.error(line),
): Promise<WgslDevice> {
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
  return { kind: 'wgsl', name: `webgpu (${title})`, gpu, fallback, say };
}
