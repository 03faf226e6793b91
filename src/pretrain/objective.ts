/** What a body is pretrained on. One file per objective; the table is in `main.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Spec, TensorData } from '#engine/program';
import type { Gpt2Config } from '#models/gpt2';
import type { Model } from '#models/model';

export type TrainingBatch = Record<'x' | 'y', TensorData>;
/** Loss and logits of a batch, without a step of training. */
export type Evaluate = (batch: TrainingBatch) => Promise<Record<string, TensorData>>;

export interface Objective {
  /** The body that it makes, a folder of resources/zoo. */
  body: string;
  config: Gpt2Config;
  /** The body with what is trained around it. */
  model: Model;
  inputs: Record<'x' | 'y', Spec>;
  loss(logits: Tensor, y: Tensor): Tensor;
  batch(step: number): TrainingBatch;
  /** Name of a parameter in the body's checkpoint; null for one that is no part of the body. */
  nameInCheckpoint(parameter: string): string | null;
  /** The measured quality of the body, and what it was trained on. */
  record(evaluate: Evaluate): Promise<object>;
  unit: string;
  steps: number;
  learningRate: number;
}

/** Decides everything except rounding, which may differ between processors. */
export const seed = 0;
/** Samples per step. */
export const batchSize = 16;
