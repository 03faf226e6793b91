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
  /** Number of the test sample, from 0. */
  sample: number;
  /** That sample, as the model sees it. */
  data: DataSamples;
  /** What the network answers, in the terms of the sample's y. */
  answer: number[];
  /** Name of the answer, or the number itself; empty where it is several numbers. */
  answerLabel: string;
  /** The run's metric on this sample alone. */
  score: number;
  /** A short name of every token, t of them. */
  tokens: string[];
  heads: number;
  /** The attention weights of every layer, [heads, t, t]: a row per token that looks, summing to 1. */
  layers: Float32Array[];
}

/** One layer of it, in a form that any message can carry. */
export interface AttentionLayer extends Omit<Attention, 'layers'> {
  layer: number;
  layers: number;
  /** The layer's weights as little-endian float32 in Base64. */
  weights: string;
}

/** Formats of a trained network for use elsewhere, by the ending of the file. */
export const modelFormats = ['onnx', 'safetensors'] as const;
export type ModelFormat = (typeof modelFormats)[number];

/** The written files, and how they were checked. */
export interface ModelExport {
  format: ModelFormat;
  files: { path: string; bytes: number }[];
  checkpoint: CheckpointAt;
  /** Parameter tensors and their values, trained and frozen. */
  tensors: number;
  parameters: number;
  /** Parameters that no computation uses, which are left out of the file. */
  leftOut: string[];
  /** Greatest difference of a logit from the run's own evaluation, and how many samples were compared; null for weights alone, which were read back bit by bit. */
  parity: { difference: number; samples: number } | null;
  /** Samples that it takes at once, null for any number; absent for weights alone. */
  batch?: number | null;
}

export interface ExportOptions {
  checkpoint?: CheckpointChoice;
  /** Keep the weights of an ONNX model in a file beside it, as is always done above 2 GB. */
  externalData?: boolean;
}

export interface AnalysisServices {
  /**
   * Writes the trained network to a `.onnx` or `.safetensors` file, then checks it: an ONNX model by running it beside the run's
   * own evaluation, weights by reading them back. Nothing is left when the check fails. Throws `config` for another ending,
   * `notFound`, `weights` where frozen weights changed since, `disk`, `trace` when the check fails.
   */
  exportModel(id: string, path: string, options?: ExportOptions): Promise<ModelExport>;
  /** Throws `notFound` where there is no such checkpoint or sample, `config` for a network without attention. */
  attention(id: string, options?: { checkpoint?: CheckpointChoice; sample?: number }): Promise<Attention>;
}

/** A layer for the wire. Throws a RangeError when there is none of that number. */
export function attentionLayer({ layers, ...rest }: Attention, layer: number): AttentionLayer {
  if (layer >= layers.length) throw new RangeError(`Layers are numbered from 0 to ${layers.length - 1}.`);
  return { ...rest, layer, layers: layers.length, weights: toBase64(layers[layer]) };
}

const piece = 0x8000; // bytes that fit into one call

function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let binary = '';
  for (let i = 0; i < bytes.length; i += piece) binary += String.fromCharCode(...bytes.subarray(i, i + piece));
  return btoa(binary);
}

/** The weights [heads, t, t] of a layer from the wire. */
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
