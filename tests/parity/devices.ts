/** Devices of the parity suite: traced and eager on the CPU, and WebGPU where an adapter exists. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '#engine/device';
import { eagerCpu, tracedCpu, tracedWebgpu } from '../engine/devices.ts';

/** Debian's chromium ships a software Vulkan; it makes WebGPU testable on any machine that has the loader too. */
const softwareVulkan = '/usr/lib/chromium/vk_swiftshader_icd.json';

function webgpuWorks(): boolean {
  if (!process.env.VK_ICD_FILENAMES && existsSync(softwareVulkan)) process.env.VK_ICD_FILENAMES = softwareVulkan;
  // Without an adapter the runtime may end the process, so another process tries.
  return spawnSync(process.execPath, [join(import.meta.dirname, 'webgpuProbe.ts')], { timeout: 30_000 }).status === 0;
}

export const parityDevices: Device[] = [tracedCpu, eagerCpu, ...(webgpuWorks() ? [tracedWebgpu] : [])];
