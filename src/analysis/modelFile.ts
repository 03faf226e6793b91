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
}

export interface WrittenModel extends Pick<ModelExport, 'batch'> {
  paths: string[];
}
