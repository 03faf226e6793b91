/** The command that installs a graphics driver where WebGPU finds none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NvidiaDriver } from './nvidiaDriver.ts';

export interface GraphicsMachine {
  platform: string;
  /** The distribution and those that it resembles, by their ids in os-release, nearest first. */
  systems: readonly string[];
  driver: NvidiaDriver | null;
  /** Whether the PCI bus shows a graphics card; null if unknown. */
  hasCard: boolean | null;
}

const systemFile = '/etc/os-release';

/** The distribution of this machine; empty where no file names it. */
export const findSystems = (): string[] => (existsSync(systemFile) ? systemsIn(readFileSync(systemFile, 'utf8')) : []);

const pciDevices = '/sys/bus/pci/devices';
const displayClass = '0x03'; // of PCI

/** Whether the PCI bus of this machine shows a graphics card; null where it cannot tell, as on ARM, whose chips have one off the bus. */
export function findCard(): boolean | null {
  if (process.arch !== 'x64') return null;
  try {
    const devices = readdirSync(pciDevices);
    if (devices.length === 0) return null;
    return devices.some((each) => readFileSync(join(pciDevices, each, 'class'), 'utf8').startsWith(displayClass));
  } catch {
    return null;
  }
}

/** From the text of os-release. */
export const systemsIn = (text: string): string[] =>
  ['ID', 'ID_LIKE'].flatMap(
    (key) => new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(text)?.[1].split(' ').filter(Boolean) ?? [],
  );

/** Packages with Mesa's Vulkan drivers, of which one computes on the processor. */
const mesa: Record<string, string> = {
  debian: 'sudo apt-get install mesa-vulkan-drivers',
  fedora: 'sudo dnf install mesa-vulkan-drivers',
  arch: 'sudo pacman -S vulkan-radeon vulkan-intel vulkan-swrast',
};

/** Packages with the Vulkan library of NVIDIA's driver. */
const nvidia: Record<string, (release: string) => string> = {
  ubuntu: (release) => `sudo apt-get install libnvidia-gl-${release}`,
  debian: () => 'sudo apt-get install nvidia-vulkan-icd',
  arch: () => 'sudo pacman -S nvidia-utils',
};

/** What to do where WebGPU finds no graphics card with a working driver. Pure. */
export function graphicsAdvice({ platform, systems, driver, hasCard }: GraphicsMachine): {
  help: string;
  command: string;
} {
  if (platform === 'win32')
    return { help: 'Install the driver of the graphics card from its maker. See which card it is:', command: 'dxdiag' };
  if (platform === 'darwin')
    return { help: 'Update macOS. See which card it has and whether Metal supports it:', command: metalReport };
  const known = <Row>(rows: Record<string, Row>) => rows[systems.find((id) => Object.hasOwn(rows, id)) ?? ''];
  const release = driver?.version?.split('.')[0];
  if (release !== undefined)
    return {
      help: "The NVIDIA driver is here, but its Vulkan library is not. A container gets it with --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all. Elsewhere install the library of the driver's version, then try again:",
      command: known(nvidia)?.(release) ?? tryAgain,
    };
  if (hasCard === false)
    return {
      help: "The processor is faster as device cpu. A container sees the machine's card when it is started with --gpus all or --device /dev/dri. To try WebGPU without a card, install Mesa's Vulkan driver for the processor:",
      command: known(mesa) ?? tryAgain,
    };
  return {
    help: "Install the driver of an NVIDIA card, or Mesa's Vulkan drivers for other cards and, slowly, for the processor:",
    command: known(mesa) ?? tryAgain,
  };
}

const metalReport = 'system_profiler SPDisplaysDataType';
const tryAgain = 'permafrost devices';
