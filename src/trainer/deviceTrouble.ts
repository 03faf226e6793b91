/** Explains in a sentence why a device does not work, and what the user can do. Pure. */
import { stripVTControlCharacters } from 'node:util';
import type { DeviceInfo } from '#contract/devices';
import { bytesText } from '#contract/format';
import { cudaPackages, cudaRelease, oldestDriver } from './cudaLibraries.ts';
import { type GraphicsMachine, graphicsAdvice } from './graphicsDriver.ts';
import type { NvidiaDriver } from './nvidiaDriver.ts';

export type DeviceTrouble = Omit<DeviceInfo, 'name' | 'available' | 'about' | 'mixed'>;

interface Advice {
  /** A sentence; ends in a colon where a command follows. */
  help: string;
  command: string | null;
}

interface Row extends Partial<Advice> {
  /** Matches the message of the runtime. */
  pattern: RegExp;
  /** May use the groups of the pattern. */
  why: string;
}

interface DeviceAdvice extends Advice {
  rows: readonly Row[];
}

const fetched = bytesText(cudaPackages.reduce((sum, { bytes }) => sum + bytes, 0));
const install = 'permafrost gpu install';
const noDriver: Advice = {
  help: `With an NVIDIA card, install its driver, version ${oldestDriver} or newer, then fetch the CUDA libraries (${fetched}):`,
  command: install,
};

const adviceOf = (machine: GraphicsMachine): Record<string, DeviceAdvice> => ({
  webgpu: {
    ...graphicsAdvice(machine),
    rows: [
      {
        pattern: /WebGPU adapter|supported adapters/,
        why:
          machine.hasCard === false
            ? 'This machine or container has no graphics card.'
            : 'WebGPU finds no graphics card with a working driver.',
      },
    ],
  },
  furtherCard: {
    help: 'Device webgpu computes on the first card. Where two cards have one name, the driver has to hide the first from Permafrost before it can reach the second. See the cards that it finds:',
    command: 'permafrost devices',
    rows: [
      {
        pattern: /There is no graphics card \d/,
        why: 'WebGPU finds fewer graphics cards.',
      },
      {
        pattern: /cannot be told from one before it/,
        why: 'WebGPU chooses graphics cards by name, and one before it has the same.',
      },
    ],
  },
  cuda: {
    help: 'See what the driver says about the card:',
    command: 'nvidia-smi',
    rows: [
      {
        pattern: /libonnxruntime_providers_\w+\.so: cannot open/,
        why: 'The CUDA libraries are not installed.',
        help: `Fetch them (${fetched}):`,
        command: install,
      },
      {
        pattern: /(libcuda\.so\S*): cannot open/,
        why: "The NVIDIA driver's library $1 is missing.",
        help: 'Install the whole driver; a container sees it when it is started with --gpus all. Then try again:',
        command: 'permafrost devices',
      },
      {
        pattern: /(lib[\w-]+\.so[.\d]*): (?:invalid ELF header|file too short)/,
        why: 'A library that CUDA needs is damaged: $1.',
        help: 'Fetch the libraries again:',
        command: `permafrost gpu remove && ${install}`,
      },
      {
        pattern: /(lib[\w-]+\.so[.\d]*): cannot open/,
        why: 'A library that CUDA needs is missing: $1.',
        help: 'Fetch the missing ones:',
        command: install,
      },
      {
        pattern: /CUDA failure 35\b|driver version is insufficient/i,
        why: `The NVIDIA driver is too old for CUDA ${cudaRelease}.`,
        help: `Update it to version ${oldestDriver} or newer, then try again:`,
        command: 'permafrost devices',
      },
      {
        pattern: /CUDA failure (?:209|222)\b|no kernel image/i,
        why: 'The NVIDIA card is too old: CUDA 13 supports Turing (2018, RTX 20) and newer.',
        help: 'Use webgpu or cpu. See which card it is:',
      },
      {
        pattern: /CUDA failure 2\b|out of memory/i,
        why: 'The memory of the NVIDIA card is full.',
        help: 'See who uses it:',
      },
      { pattern: /CUDA failure|cudaErr|no CUDA-capable/i, why: 'CUDA finds no NVIDIA card that it can use.' },
    ],
  },
  tensorflow: {
    help: 'It brings libtensorflow 2.9, which computes on the processor. On an NVIDIA card it needs CUDA 11.2 and cuDNN 8.1 as well. It is slower than the other devices and only of use for comparison. Install it:',
    command: 'npm install @tensorflow/tfjs-node-gpu@4.22.0',
    rows: [
      {
        pattern: /Cannot find module '@tensorflow/,
        why: 'The optional package @tensorflow/tfjs-node-gpu is not installed.',
      },
      {
        pattern: /\.node'|shared object|libtensorflow/,
        why: 'The library of @tensorflow/tfjs-node-gpu cannot be loaded.',
      },
    ],
  },
});

/** The outcome of a failed trial of a device. */
export interface FailedTrial {
  /** What the runtime printed. */
  out: string;
  signal?: string | null;
  /** Seconds after which the process was killed; null if it exited by itself. */
  timeout: number | null;
  machine: GraphicsMachine;
}

/** Why a trial failed, and what to do. */
export function deviceTrouble(name: string, { out, signal, timeout, machine }: FailedTrial): DeviceTrouble {
  const { rows, help, command } = adviceOf(machine)[name.includes(':') ? 'furtherCard' : name];
  const because = (why: string, detail: string | null, own: Partial<Advice> = {}): DeviceTrouble => ({
    ...{ help, command },
    ...own,
    ...{ why, detail },
  });
  if (timeout !== null) return because(`The device did not answer within ${timeout} seconds.`, null);
  if (signal) return because('The driver crashed during a trial.', `The process was killed by ${signal}.`);
  const detail = stripVTControlCharacters(out).replace(/\s+/g, ' ').trim().slice(0, 1000);
  for (const { pattern, why, ...own } of rows) {
    const found = pattern.exec(detail);
    if (found)
      return because(
        why.replace(/\$(\d)/g, (_, group) => found[Number(group)] ?? ''),
        detail,
        own,
      );
  }
  return because('A trial failed.', detail || null);
}

/** What a machine lacks for CUDA, whatever is installed. */
export function cudaLack({
  platform,
  arch,
  driver,
}: {
  platform: string;
  arch: string;
  driver: NvidiaDriver | null;
}): DeviceTrouble | null {
  if (platform !== 'linux' || arch !== 'x64') {
    const help = 'Use webgpu here; it runs on NVIDIA cards too.';
    const why = `ONNX Runtime for Node has CUDA on Linux x64 only; this is ${platform} ${arch}.`;
    return { why, help, command: null, detail: null };
  }
  if (driver) return null;
  return { why: 'This machine has no NVIDIA driver.', ...noDriver, detail: null };
}

/** The same, and a driver that is too old for the libraries that `gpu install` fetches. */
export function cudaInstallLack(machine: Parameters<typeof cudaLack>[0]): DeviceTrouble | null {
  const version = machine.driver?.version;
  if (!version || Number.parseInt(version, 10) >= oldestDriver) return cudaLack(machine);
  const why = `The NVIDIA driver is of version ${version}, and CUDA ${cudaRelease} needs ${oldestDriver} or newer.`;
  return { why, help: 'Update the driver, then run:', command: install, detail: null };
}

/** The trouble as one line, for error messages of runs. */
export const troubleText = ({ why, detail, help, command }: DeviceTrouble): string =>
  [why, help, ...(command ? [command] : []), ...(detail ? [`(${detail})`] : [])].join(' ');
