/** Finds a plain Node for the trainers, since Electron's memory cage does not allow ONNX Runtime's buffers. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The Node from the installer, the one that npm installed, or the one on the PATH. */
export function plainNode(): string {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const packed = join(process.resourcesPath, file);
  if (existsSync(packed)) return packed;
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    const installed = join(dirname(createRequire(import.meta.url).resolve(name)), 'bin', file);
    if (existsSync(installed)) return installed;
  } catch {
    // npm installs it only on some platforms
  }
  return file;
}
