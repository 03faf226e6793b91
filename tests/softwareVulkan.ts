/**
 * Debian's chromium ships a Vulkan that needs no GPU and the library that loads it. Where the machine has no Vulkan of its
 * own, this makes them known to the processes that are started later; the loader is read from the environment at their start.
 */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const chromium = '/usr/lib/chromium';
const driver = join(chromium, 'vk_swiftshader_icd.json');
const loader = 'libvulkan.so.1';
const ownLoaders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

export function offerSoftwareVulkan(): void {
  if (process.env.VK_ICD_FILENAMES || !existsSync(driver)) return;
  process.env.VK_ICD_FILENAMES = driver;
  if (ownLoaders.some((folder) => existsSync(join(folder, loader)))) return;
  // a folder with the loader alone, since chromium has other libraries that Electron has too
  const folder = join(import.meta.dirname, '../node_modules/.cache/vulkan');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, loader))) symlinkSync(join(chromium, loader), join(folder, loader));
  process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
}
