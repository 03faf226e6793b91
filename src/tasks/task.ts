/** What a task is. One file per task exports one row of the table in `index.ts`; no other file names a particular task. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ConfigField, ExperimentConfig } from '#contract/config';
import type { Floor } from '#contract/floor';
import type { Deviation } from '#contract/run';
import type { LabelCounts } from './floors.ts';

export type TaskData = Float32Array | Int32Array;
export type Split = 'train' | 'test' | 'final';

export interface TaskShape {
  /** x is [b, tokens, width] float32, or [b, tokens] int32 ids when `embedding`. */
  tokens: number;
  width: number;
  embedding: boolean;
  /** Input dimension of the network (vocabulary size when `embedding`). width must be a multiple of it. */
  inputDim: number;
  outputDim: number;
  /** y is [b, ...target] of `targetType`. */
  target: number[];
  targetType: 'float32' | 'int32';
  /** Where samples differ in length: the lengths that batches are padded to, ascending, `tokens` last. Each that occurs has a program of its own. */
  lengths?: readonly number[];
  /** Whether batches name the token that each sample is read at. Otherwise it is the last. */
  readsAt?: boolean;
}

export interface Batch {
  x: TaskData;
  y: TaskData;
  /** One of the shape's lengths. */
  tokens?: number;
  /** The token that each sample is read at, [b], where the shape `readsAt`. */
  at?: Int32Array;
  /** Numbers of these samples in the data set, for display. */
  chosen?: Int32Array;
}

/** Batches as pure functions of their index (from 0), so that a checkpoint stores only counters. */
export interface Batches {
  batch(split: Split, index: number): Batch;
}

export interface BatchOptions {
  seed: number;
  /** Samples per batch of each split. */
  sizes: Record<Split, number>;
}

export type SampleValues = Uint8Array | Int16Array | Int32Array | Float32Array;
/** Decoded samples of one split: images row by row with channels last, sound, or symbols. A data set and its tasks agree on what the values mean. */
export interface SampleSet {
  count: number;
  labels: ArrayLike<number>;
  /** The values of a sample: a view, which the next call may overwrite. */
  sample(i: number): SampleValues;
  /** A sample's text for display, e.g. a molecule as SMILES. */
  text?(i: number): string;
}
/** A data set as tasks read it. */
export interface Dataset {
  train: SampleSet;
  test: SampleSet;
}

/** The metric of every sample of a batch. */
export interface Scorer {
  (logits: Float32Array, y: TaskData, batch: number): Float64Array;
  /** The answer that the logits of one sample stand for, in the terms of y. */
  answer(logits: Float32Array): number[];
}

export interface Task {
  name: string;
  title: string;
  /** Task fields of the config that this task reads. */
  fields: readonly ConfigField[];
  /** Values of these fields in the published runs, the commonest first; a form starts from it. */
  settings: readonly Partial<ExperimentConfig>[];
  /** How x is displayed. */
  kind: 'image' | 'sound' | 'values' | 'symbols';
  /** Caption of a token of x, where its values alone say little. */
  tokenName?(values: readonly number[]): string;
  /** Names of the labels. */
  classes?: readonly string[];
  /** accuracy: higher is better, in [0, 1]. mae: mean absolute error, lower is better. */
  metric: 'accuracy' | 'mae';
  /** Runs either learn the task or do not: the metric ends at perfection or at the floor, rarely in between. */
  twoPeaked?: boolean;
  /** Name of the data set that it needs; null where it generates its samples. */
  dataset: string | null;
  /** Sizes of a config. Throws `config` naming the field when one is missing or does not fit. */
  shape(config: ExperimentConfig): TaskShape;
  /** Mean loss of a batch: logits [b, 1, k], y as in the shape → scalar. */
  loss(config: ExperimentConfig): (logits: Tensor, y: Tensor) => Tensor;
  /** The metric of every sample of a batch, from logits [b·k] and y; a batch's metric is their mean. */
  scores(config: ExperimentConfig): Scorer;
  /** The floor, from the label counts of the test set; null where they are needed and unknown. */
  floor(config: ExperimentConfig, counts: LabelCounts): Floor | null;
  batches(config: ExperimentConfig, dataset: Dataset | null, options: BatchOptions): Batches;
  /** Whether the committed code of dl-project ignores gpu_batch_size when it feeds micro-batches. */
  readsWholeBatches: boolean;
  /** Differences between this config and the published protocol, in words. */
  deviations(config: ExperimentConfig): Deviation[];
}
