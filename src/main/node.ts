/** A plain Node for the trainers: ONNX Runtime's buffers cannot live in Electron's memory cage. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The Node that was installed with Permafrost, or the one on the PATH. */
export function plainNode(): string {
  const isWindows = process.platform === 'win32';
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    const binary = join(dirname(createRequire(import.meta.url).resolve(name)), 'bin', isWindows ? 'node.exe' : 'node');
    if (existsSync(binary)) return binary;
  } catch {
    // not installed on this platform
  }
  return isWindows ? 'node.exe' : 'node';
}
