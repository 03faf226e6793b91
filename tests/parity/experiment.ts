/** A golden case's experiment as our model, loss and metric. */
import type * as tf from '@tensorflow/tfjs-core';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import type { Frozen } from '#engine/program';
import type { Body } from '#models/body';
import { buildFpt } from '#models/fpt';
import { gpt2 } from '#models/gpt2';
import type { Model } from '#models/model';
import { type VitConfig, vit, vitConfigs } from '#models/vit';
import { tasks } from '#tasks/index';
import { crossEntropy } from '#tasks/losses';
import type { TaskData } from '#tasks/task';
import type { Golden } from './golden.ts';

export interface Experiment {
  config: ExperimentConfig;
  model: Model;
  loss(logits: tf.Tensor, y: tf.Tensor): tf.Tensor;
  /** Mean metric of a batch. */
  metric(logits: Float32Array, y: TaskData, batch: number): number;
}

/** The flags of the experiment with HEAD's losses (`reference`) or ours (`corrected`). Dropout is off in every case. */
export function experimentOf({ info }: Golden, variant: 'corrected' | 'reference'): Experiment {
  const { task, batch_size, ...params } = info.experiment_params ?? { task: 'direct' };
  const config = parseConfig({
    freeze_pos: false,
    ...params,
    task,
    batch_size,
    gpu_batch_size: batch_size,
    dropout: 0,
    variant,
  });
  const {
    input_dim,
    output_dim,
    use_embeddings_for_in: embedding,
    in_layer_sizes,
    out_layer_sizes,
    return_last_only,
  } = fptOf(info);
  const model = buildFpt({
    ...config,
    ...bodyOf(info, variant),
    inputDim: input_dim,
    outputDim: output_dim,
    embedding: Boolean(embedding),
    inLayerSizes: in_layer_sizes ?? [],
    outLayerSizes: out_layer_sizes ?? [],
    lastOnly: return_last_only ?? true,
    orthGain: config.orth_gain,
  });
  const row = tasks[task];
  if (row) {
    const scores = row.scores(config);
    return { config, model, loss: row.loss(config), metric: (logits, y, batch) => mean(scores(logits, y, batch)) };
  }
  return {
    config,
    model,
    loss: (logits, y) => crossEntropy(logits.reshape([logits.shape[0], output_dim]), y),
    metric: (logits, y, batch) =>
      mean(Float64Array.from({ length: batch }, (_, i) => Number(argmax(logits, i, output_dim) === y[i]))),
  };
}

function bodyOf(info: Golden['info'], variant: 'corrected' | 'reference'): { body: Body<object>; bodyConfig: object } {
  if (!info.vit_config) return { body: gpt2, bodyConfig: info.gpt2_config };
  const longest = shapeOf(info, 'transformer.0.position_embeddings')?.[1] ?? 1025; // with the class token
  const sizes: VitConfig = {
    ...vitConfigs['ViT-B_16'],
    ...info.vit_config,
    max_sequence_len: longest - 1,
    trains_positions: variant === 'corrected',
  };
  return { body: vit, bodyConfig: { ...sizes, dropout_rate: 0 } };
}

const shapeOf = (info: Golden['info'], name: string): number[] | undefined =>
  info.tensors?.[`param.${name}`]
    ?.match(/\[(.*)\]/)?.[1]
    .split(',')
    .map(Number);

/** Trajectories do not state the sizes of the network; its parameters imply them. */
function fptOf(info: Golden['info']) {
  if (info.fpt) return info.fpt;
  const embedding = shapeOf(info, 'in_net.weight');
  return {
    input_dim: embedding ? embedding[0] : shapeOf(info, 'in_net.0.weight')![1],
    output_dim: shapeOf(info, 'out_net.0.bias')![0],
    use_embeddings_for_in: Boolean(embedding),
  };
}

export const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

function argmax(values: Float32Array, row: number, width: number): number {
  const slice = values.subarray(row * width, (row + 1) * width);
  return slice.indexOf(Math.max(...slice));
}

/** A case's parameters that no step changes, in memory. */
export function frozenOf(golden: Golden, names: string[]): Record<string, Frozen> {
  return Object.fromEntries(
    names.map((name) => {
      const { shape, data } = golden.tensor(`param.${name}`);
      return [name, { shape, read: () => data }];
    }),
  );
}
