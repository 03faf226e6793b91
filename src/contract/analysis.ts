/** Attention maps and exports of trained runs. */
import { z } from 'zod';
import type { DataSamples } from './data.ts';

/** start: before the first step. best: the weights of the best iteration. last: the newest checkpoint. */
export const checkpointNames = ['start', 'best', 'last'] as const;
/** A checkpoint by name, or by its step. */
export const checkpointChoice = z.union([z.enum(checkpointNames), z.int().min(0)]);
export type CheckpointChoice = z.infer<typeof checkpointChoice>;

export interface CheckpointAt {
  name: (typeof checkpointNames)[number];
  step: number;
}

/** Attention weights on a test sample, at a checkpoint, without dropout. */
export interface Attention {
  checkpoint: CheckpointAt;
  /** Index of the test sample, from 0. */
  sample: number;
  /** The sample as the model sees it. */
  data: DataSamples;
  /** The network's answer, in the same form as the sample's y. */
  answer: number[];
  /** The answer's label, or the number itself; empty if the answer is several numbers. */
  answerLabel: string;
  /** The run's metric on this sample alone. */
  score: number;
  /** A short name for each of the t tokens. */
  tokens: string[];
  heads: number;
  /** Attention weights of each layer, [heads, t, t]. A row holds the weights of one attending token and sums to 1. */
  layers: Float32Array[];
}

/** One layer of an {@link Attention}, encoded for a JSON message. */
export interface AttentionLayer extends Omit<Attention, 'layers'> {
  layer: number;
  layers: number;
  /** The layer's weights as little-endian float32 in Base64. */
  weights: string;
}

/** Formats in which a trained network can be exported; each is also the file's extension. */
export const modelFormats = ['onnx', 'safetensors'] as const;
export type ModelFormat = (typeof modelFormats)[number];

/** The written files and the result of their check. */
export interface ModelExport {
  format: ModelFormat;
  files: { path: string; bytes: number }[];
  checkpoint: CheckpointAt;
  /** Number of parameter tensors and of the values in them, trained and frozen. */
  tensors: number;
  parameters: number;
  /** Names of unused parameters, which the file leaves out. */
  leftOut: string[];
  /**
   * Largest difference between a logit of the exported model and of the run's own evaluation, over this number of samples. Null
   * for safetensors, which is read back and compared bit by bit.
   */
  parity: { difference: number; samples: number } | null;
  /** Batch size of an ONNX model, null for any; absent for safetensors. */
  batch?: number | null;
}

export interface ExportOptions {
  checkpoint?: CheckpointChoice;
  /** Write the weights of an ONNX model to a separate file next to it. Models above 2 GB always do. */
  externalData?: boolean;
}

export interface AnalysisServices {
  /**
   * Writes the trained network to a `.onnx` or `.safetensors` file and checks it: compares the ONNX model's answers with the run's
   * own evaluation, or reads the weights back. Deletes the files if the check fails. Throws `config` for another extension,
   * `notFound`, `weights` if the frozen weights have changed since the run, `disk`, and `trace` if the check fails.
   */
  exportModel(id: string, path: string, options?: ExportOptions): Promise<ModelExport>;
  /** Throws `notFound` if the checkpoint or the sample does not exist, and `config` for a network without attention. */
  attention(id: string, options?: { checkpoint?: CheckpointChoice; sample?: number }): Promise<Attention>;
}

/** Encodes one layer for a JSON message. Throws a RangeError if the layer does not exist. */
export function attentionLayer({ layers, ...rest }: Attention, layer: number): AttentionLayer {
  if (layer >= layers.length) throw new RangeError(`Layers are numbered from 0 to ${layers.length - 1}.`);
  return { ...rest, layer, layers: layers.length, weights: toBase64(layers[layer]) };
}

const piece = 0x8000; // a function call takes a limited number of arguments

function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let binary = '';
  for (let i = 0; i < bytes.length; i += piece) binary += String.fromCharCode(...bytes.subarray(i, i + piece));
  return btoa(binary);
}

/** Decodes the weights [heads, t, t] of a layer. */
export const layerWeights = ({ weights }: Pick<AttentionLayer, 'weights'>): Float32Array =>
  new Float32Array(Uint8Array.from(atob(weights), (character) => character.charCodeAt(0)).buffer);

/** The mean over heads: [heads, t, t] → [t, t]. */
export function meanOfHeads(weights: Float32Array, heads: number): Float32Array {
  const size = weights.length / heads;
  return Float32Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let head = 0; head < heads; head++) sum += weights[head * size + i];
    return sum / heads;
  });
}

/** The map [t, t] of one head, or of the mean over all. */
export const headMap = (weights: Float32Array, heads: number, head: number | 'mean'): Float32Array => {
  if (head === 'mean') return meanOfHeads(weights, heads);
  const size = weights.length / heads;
  return weights.subarray(head * size, (head + 1) * size);
};
