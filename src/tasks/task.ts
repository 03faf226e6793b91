/** The interface of a task. Each task has a file, which exports a row of the table in `index.ts`. No other file names a particular task. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ConfigField, ExperimentConfig } from '#contract/config';
import type { Floor } from '#contract/floor';
import type { Deviation } from '#contract/run';
import type { LabelCounts } from './floors.ts';

export type TaskData = Float32Array | Int32Array;
export type Split = 'train' | 'test' | 'final';

export interface TaskShape {
  /** x is [b, tokens, width] float32, or [b, tokens] int32 ids if `embedding`. */
  tokens: number;
  width: number;
  embedding: boolean;
  /** Input dimension of the network; the vocabulary size if `embedding`. `width` must be a multiple of it. */
  inputDim: number;
  outputDim: number;
  /** y is [b, ...target] of `targetType`. */
  target: number[];
  targetType: 'float32' | 'int32';
  /**
   * For samples of different lengths, the lengths that batches are padded to, in ascending order; the last is `tokens`. A program
   * is compiled for each length that occurs.
   */
  lengths?: readonly number[];
  /**
   * For batches with `computed`, the numbers that the mean length of their samples is rounded up to, in ascending order; the last is
   * `tokens`. A program is compiled for each pair of a length and a mean length that occurs.
   */
  meanLengths?: readonly number[];
  /** Whether batches have `at`, the token that each sample is read at. Otherwise samples are read at their last token. */
  readsAt?: boolean;
}

export interface Batch {
  x: TaskData;
  y: TaskData;
  /** One of the shape's lengths. */
  tokens?: number;
  /** The token that each sample is read at, [b], if the shape has `readsAt`. */
  at?: Int32Array;
  /**
   * The tokens that are not padding, as indices among all tokens of the batch, and some of the padding, up to one of the shape's
   * `meanLengths` a sample.
   */
  computed?: Int32Array;
  /** Indices of the samples in the data set, for display. */
  chosen?: Int32Array;
}

/** Batches as pure functions of their index, from 0, so that a checkpoint only needs to store counters. */
export interface Batches {
  batch(split: Split, index: number): Batch;
}

export interface BatchOptions {
  seed: number;
  /** Samples per batch of each split. */
  sizes: Record<Split, number>;
}

export type SampleValues = Uint8Array | Int16Array | Int32Array | Float32Array;
/** The decoded samples of a split: images row by row with channels last, sound, or symbols. What values mean is up to a data set and its tasks. */
export interface SampleSet {
  count: number;
  labels: ArrayLike<number>;
  /** The values of a sample: a view, which the next call may overwrite. */
  sample(i: number): SampleValues;
  /** A sample's text for display, e.g. a molecule as SMILES. */
  text?(i: number): string;
}
/** A decoded data set. */
export interface Dataset {
  train: SampleSet;
  test: SampleSet;
}

/** Computes the metric of every sample of a batch. */
export interface Scorer {
  (logits: Float32Array, y: TaskData, batch: number): Float64Array;
  /** The prediction that the logits of one sample mean, in the same form as y. */
  answer(logits: Float32Array): number[];
}

export interface Task {
  name: string;
  title: string;
  /** Fields of the config that only some tasks read, this one among them. */
  fields: readonly ConfigField[];
  /** Values of these fields in the published runs, the commonest first. Forms start with those. */
  settings: readonly Partial<ExperimentConfig>[];
  /** How to display x. */
  kind: 'image' | 'sound' | 'values' | 'symbols';
  /** A caption for a token of x whose values alone say little. */
  tokenName?(values: readonly number[]): string;
  /** Names of the labels. */
  classes?: readonly string[];
  /** accuracy: higher is better, in [0, 1]. mae: mean absolute error, lower is better. */
  metric: 'accuracy' | 'mae';
  /** Runs either learn the task or do not: their metric ends at the optimum or at the floor, rarely in between. */
  twoPeaked?: boolean;
  /** Name of the task's data set; null if the task generates its samples. */
  dataset: string | null;
  /** The shape of a config. Throws `config` with the name of the field if one is missing or does not fit. */
  shape(config: ExperimentConfig): TaskShape;
  /** Mean loss of a batch: logits [b, 1, k] and y → scalar. */
  loss(config: ExperimentConfig): (logits: Tensor, y: Tensor) => Tensor;
  /** Scores the samples of a batch from logits [b·k] and y. A batch's metric is the mean of its scores. */
  scores(config: ExperimentConfig): Scorer;
  /** The floor, from the label counts of the test set; null if it needs them and they are unknown. */
  floor(config: ExperimentConfig, counts: LabelCounts): Floor | null;
  batches(config: ExperimentConfig, dataset: Dataset | null, options: BatchOptions): Batches;
  /** Whether the committed code of dl-project ignores gpu_batch_size when it feeds micro-batches. */
  readsWholeBatches: boolean;
  /** The differences between a run of this config and the published protocol. */
  deviations(config: ExperimentConfig): Deviation[];
}
