/** Small runs that are timed to measure the speed of this machine. They need no data and differ in what dominates their steps. */
import { type ExperimentConfig, parseConfig } from '#contract/config';

const random = { pretrained: false, device: 'cpu' } as const;
const bits = { task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50 } as const;

export const calibrations: Readonly<Record<string, ExperimentConfig>> = {
  /** One block of width 16: the cost of any step. */
  programs: calibration({ task: 'bit-xor', n: 4, num_patterns: 2, n_layer: 1, n_embd: 16, n_head: 2, batch_size: 8 }),
  /** Twelve narrow blocks: the cost of any matrix product. */
  products: calibration({ task: 'bit-xor', n: 4, num_patterns: 2, n_layer: 12, n_embd: 16, n_head: 2, batch_size: 8 }),
  /** Many tokens of medium width: the cost of values between two products. */
  values: calibration({ ...bits, n_layer: 2, n_embd: 128, n_head: 4, batch_size: 8 }),
  /** Wide blocks: the cost of arithmetic inside products. */
  operations: calibration({ ...bits, n_layer: 2, n_embd: 768, n_head: 12, batch_size: 2 }),
};

function calibration(settings: Record<string, unknown>): ExperimentConfig {
  return parseConfig({ ...random, n_positions: 128, gpu_batch_size: settings.batch_size, ...settings });
}

/** The output of the process that times these runs, in seconds. */
export interface StepTimes {
  /** Preparing and compiling the run. */
  start: number;
  step: number;
  evaluation: number;
}
