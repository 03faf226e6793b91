/** A run's network on its way into a file: what a format is given to write, and what it has written. */
import type { ModelExport } from '#contract/analysis';
import type { Frozen } from '#engine/program';
import type { RunNetwork } from './runNetwork.ts';

export interface ModelContent {
  network: RunNetwork;
  path: string;
  /** Keep the weights of an ONNX model in a file beside it. */
  externalData: boolean;
  /** Every parameter that is computed with, by name, in the model's order. */
  parameters: Record<string, Frozen>;
  metadata: Record<string, string>;
  /** Of Permafrost. */
  version: string;
}

export interface WrittenModel extends Pick<ModelExport, 'batch'> {
  paths: string[];
}
