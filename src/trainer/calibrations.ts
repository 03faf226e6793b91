/** Small runs that are timed to learn how fast this machine trains. They need no data and differ in what dominates a step. */
import { type ExperimentConfig, parseConfig } from '#contract/config';

const random = { pretrained: false, device: 'cpu' } as const;
const bits = { task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50 } as const;

export const calibrations: Readonly<Record<string, ExperimentConfig>> = {
  /** One block of 16 values: what every step costs. */
  programs: calibration({ task: 'bit-xor', n: 4, num_patterns: 2, n_layer: 1, n_embd: 16, n_head: 2, batch_size: 8 }),
  /** Twelve narrow blocks: what every product costs. */
  products: calibration({ task: 'bit-xor', n: 4, num_patterns: 2, n_layer: 12, n_embd: 16, n_head: 2, batch_size: 8 }),
  /** Many tokens of medium width: what every value between two products costs. */
  values: calibration({ ...bits, n_layer: 2, n_embd: 128, n_head: 4, batch_size: 8 }),
  /** Wide blocks: operations. */
  operations: calibration({ ...bits, n_layer: 2, n_embd: 768, n_head: 12, batch_size: 2 }),
};

function calibration(settings: Record<string, unknown>): ExperimentConfig {
  return parseConfig({ ...random, n_positions: 128, gpu_batch_size: settings.batch_size, ...settings });
}

/** What the process that times them prints, in seconds. */
export interface StepTimes {
  /** From nothing to a compiled run. */
  start: number;
  step: number;
  evaluation: number;
}
