/** The input and output of functions that write a run's network to a file. */
import type { ModelExport } from '#contract/analysis';
import type { Frozen } from '#engine/program';
import type { RunNetwork } from './runNetwork.ts';

export interface ModelContent {
  network: RunNetwork;
  path: string;
  /** Keep the weights of an ONNX model in a file beside it. */
  externalData: boolean;
  /** Every parameter that the network computes with, by name, in the model's order. */
  parameters: Record<string, Frozen>;
  metadata: Record<string, string>;
  /** Permafrost's version. */
  version: string;
  /** Writes a file of the model: the one at `path`, or one beside it. Throws `disk`. */
  save(path: string, chunks: Iterable<Uint8Array>): void;
}

export type WrittenModel = Pick<ModelExport, 'batch'>;
