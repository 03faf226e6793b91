/** Explains in a sentence why a device does not work, and what the user can do. Pure. */
import type { DeviceInfo } from '#contract/devices';

export type DeviceTrouble = Omit<DeviceInfo, 'name' | 'available' | 'hardware'>;

interface Row {
  /** Matches the runtime's message. */
  pattern: RegExp;
  why: string;
}

interface Advice {
  help: string;
  command: string | null;
  rows: readonly Row[];
}

const advice: Record<string, Advice> = {
  webgpu: {
    help: 'Install a graphics driver with Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS). To try WebGPU without a graphics card, set VK_ICD_FILENAMES to a software Vulkan.',
    command: null,
    rows: [
      { pattern: /WebGPU adapter|supported adapters/, why: 'WebGPU finds no graphics card with a working driver.' },
    ],
  },
  furtherCard: {
    help: 'Device webgpu computes on the first card. Where two cards have one name, the driver has to hide the first from Permafrost before it can reach the second.',
    command: null,
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
    help: 'Install the NVIDIA driver, CUDA 12 and cuDNN 9, then fetch the CUDA part of ONNX Runtime:',
    command: 'node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install',
    rows: [
      {
        pattern: /Failed to load shared library|providers_cuda/,
        why: 'The CUDA part of ONNX Runtime is not installed, or a library that it needs is missing.',
      },
      {
        pattern: /CUDA failure|cudaErr|no CUDA-capable|driver version/i,
        why: 'CUDA finds no NVIDIA card that it can use.',
      },
    ],
  },
  tensorflow: {
    help: 'Install the optional package; to compute on a graphics card it needs an NVIDIA driver and CUDA 11:',
    command: 'npm install @tensorflow/tfjs-node-gpu',
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
};

/** The outcome of a failed trial of a device. */
export interface FailedTrial {
  out: string;
  signal?: string | null;
  /** Seconds after which the process was killed; null if it exited by itself. */
  timeout: number | null;
}

export function deviceTrouble(name: string, { out, signal, timeout }: FailedTrial): DeviceTrouble {
  const { help, command, rows } = advice[name.includes(':') ? 'furtherCard' : name];
  const because = (why: string, detail: string | null): DeviceTrouble => ({ why, detail, help, command });
  if (timeout !== null) return because(`The device did not answer within ${timeout} seconds.`, null);
  if (signal) return because('The driver crashed during a trial.', `The process was killed by ${signal}.`);
  const detail = out.replace(/\s+/g, ' ').trim().slice(0, 1000);
  return because(rows.find(({ pattern }) => pattern.test(detail))?.why ?? 'A trial failed.', detail || null);
}

/** The trouble as one line, for error messages of runs. */
export const troubleText = ({ why, detail, help, command }: DeviceTrouble): string =>
  [why, help, ...(command ? [command] : []), ...(detail ? [`(${detail})`] : [])].join(' ');
