/** The NVIDIA driver of this machine, read from the files that it makes, since nvidia-smi is missing in many containers. */
import { existsSync, readFileSync } from 'node:fs';

export interface NvidiaDriver {
  /** Such as `580.82.07`; null under WSL, where the driver is that of Windows. */
  version: string | null;
}

const versionFile = '/proc/driver/nvidia/version';
const wslDevice = '/dev/dxg';

/** Null without a driver. */
export function findDriver(): NvidiaDriver | null {
  if (existsSync(versionFile)) return { version: driverVersion(readFileSync(versionFile, 'utf8')) };
  return existsSync(wslDevice) ? { version: null } : null;
}

/** From the text of the driver's file, which names the driver in its first line and the compiler in its second. */
export const driverVersion = (text: string): string | null =>
  /Kernel Module\b.*?\s(\d+\.[\d.]+)/.exec(text)?.[1] ?? null;
