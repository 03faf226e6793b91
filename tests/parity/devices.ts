/** Devices of the parity suite: traced and eager on the CPU, and WebGPU where an adapter exists. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Device } from '#engine/device';
import { openGpu } from '#trainer/gpu';
import { eagerCpu, tracedCpu, tracedWebgpu } from '../engine/devices.ts';

/** Without an adapter a runtime may end the process, so another process tries. */
const works = (name: 'onnx' | 'wgsl' | 'mixed'): boolean =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'webgpuProbe.ts'), name], { timeout: 60_000 }).status === 0;

/** A GPU with kernels of our own, or none where no adapter is found. */
export const gpuDevices: Device[] = works('wgsl')
  ? [{ ...(await openGpu({ fallback: async () => tracedWebgpu })), name: 'wgsl' }]
  : [];

/** The same with products of 16-bit floats, or none where the adapter has no matrix units. */
export const mixedDevices: Device[] = works('mixed')
  ? [{ ...(await openGpu({ fallback: async () => tracedWebgpu, precision: 'mixed' })), name: 'wgsl, mixed precision' }]
  : [];

export const parityDevices: Device[] = [
  ...[tracedCpu, eagerCpu],
  ...(works('onnx') ? [tracedWebgpu] : []),
  ...[...gpuDevices, ...mixedDevices],
];
