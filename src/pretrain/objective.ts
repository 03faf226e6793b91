/** The interface of a pretraining objective. Each objective has a file; the table is in `main.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Spec, TensorData } from '#engine/program';
import type { Gpt2Config } from '#models/gpt2';
import type { Model } from '#models/model';

export type TrainingBatch = Record<'x' | 'y', TensorData>;
/** Computes loss and logits of a batch without training. */
export type Evaluate = (batch: TrainingBatch) => Promise<Record<string, TensorData>>;

export interface Objective {
  /** Name of the body, and of its folder in resources/zoo. */
  body: string;
  config: Gpt2Config;
  /** The body and the networks that are trained around it. */
  model: Model;
  inputs: Record<'x' | 'y', Spec>;
  loss(logits: Tensor, y: Tensor): Tensor;
  batch(step: number): TrainingBatch;
  /** Name of a parameter in the body's checkpoint; null for a parameter outside the body. */
  nameInCheckpoint(parameter: string): string | null;
  /** Measures the quality of the body, and describes the data that it was trained on. */
  record(evaluate: Evaluate): Promise<object>;
  unit: string;
  steps: number;
  learningRate: number;
}

/** The seed, which determines everything except rounding, which may differ between processors. */
export const seed = 0;
/** Samples per step. */
export const batchSize = 16;
