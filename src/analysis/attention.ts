/** Attention maps of a run on samples of its test split. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Attention } from '#contract/analysis';
import { PermafrostError } from '#contract/errors';
import type { Device } from '#engine/device';
import type { CompiledStep, Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import type { Model } from '#models/model';
import type { Batch } from '#tasks/task';
import { inputsOf } from '#trainer/learner';
import { batchSpecs } from '#trainer/programs';
import { loadDataset } from '#zoo/loadDataset';
import { answerName, describeSamples } from '#zoo/samples';
import type { RunNetwork } from './runNetwork.ts';
import { tokenNames } from './tokens.ts';

/** Most attention weights in one answer, unless a single sample has more. */
const mostWeights = 4e6;
const mostSamples = 8;

const layerOutput = (index: number): string => `attention/${index}`;

/** Inputs x and `at` → logits, and the attention weights [b, heads, t, t] of every layer as `attention/…`. `told` receives their shapes. */
export const attentionProgram =
  (model: Model, told: (shape: readonly number[]) => void): Program =>
  ({ state, inputs, frozen }) => {
    const maps: Record<string, tf.Tensor> = {};
    const attention = (index: number, weights: tf.Tensor) => {
      maps[layerOutput(index)] = weights;
      told(weights.shape);
    };
    const logits = model.forward({ ...frozen, ...state }, inputs.x, null, { whole: true, attention }, inputs);
    return { outputs: { logits, ...maps } };
  };

/**
 * The attention maps of a test sample, and of as many neighbours as fit into one answer, in order. Samples are drawn one by one,
 * so a number means the same sample at every checkpoint. After the last sample of a data set, numbers start over.
 * Throws `config` for a network without attention.
 */
export async function attentionOf(
  network: RunNetwork,
  home: string,
  device: Device,
  sample: number,
): Promise<Attention[]> {
  const { config, task, shape, checkpoint } = network;
  const loaded = task.dataset === null ? null : await loadDataset(task.dataset, { home });
  try {
    const dataset = loaded?.dataset ?? null;
    const batches = task.batches(config, dataset, { seed: config.seed, sizes: { train: 1, test: 1, final: 1 } });
    const programs = openPrograms(network, device);
    const score = task.scores(config);
    const { weights } = await programs.at(batches.batch('test', sample));
    const count = Math.max(1, Math.min(mostSamples, Math.floor(mostWeights / weights)));
    const first = sample - (sample % count);
    const answers: Attention[] = [];
    for (let i = first; i < first + count; i++) {
      const batch = batches.batch('test', i);
      const { step, heads, t } = await programs.at(batch);
      const { logits, ...maps } = await step.run(inputsOf(batch));
      const data = describeSamples(config, loaded, batch, { split: 'test', count: 1 });
      const answer = score.answer(logits as Float32Array);
      answers.push({
        ...{ checkpoint, sample: i, data, answer, answerLabel: answerName(task.classes, answer) },
        score: score(logits as Float32Array, batch.y, 1)[0],
        tokens: tokenNames(task, data, shape, t),
        heads,
        layers: Object.values(maps) as Float32Array[],
      });
    }
    await programs.release();
    return answers;
  } finally {
    loaded?.close();
  }
}

interface AttentionStep {
  step: CompiledStep;
  heads: number;
  t: number;
  /** Number of attention weights in all layers. */
  weights: number;
}

/** Compiles a program for each sequence length on demand. */
function openPrograms({ config, shape, model, weights: { trained, frozen } }: RunNetwork, device: Device) {
  const open = new Map<number, AttentionStep>();
  const compile = async (tokens: number): Promise<AttentionStep> => {
    const shapes: (readonly number[])[] = [];
    const program = attentionProgram(model, (seen) => shapes.push(seen));
    const { y: _, ...inputs } = batchSpecs(shape, { tokens }, 1);
    const step = await compileStep(program, { state: createState(trained), inputs, frozen, device });
    if (shapes.length === 0)
      throw new PermafrostError('config', `${config.model_name} has no attention. Choose a run with a transformer.`);
    const [[, heads, , t]] = shapes;
    return { step, heads, t, weights: shapes.reduce((sum, [, h, rows, columns]) => sum + h * rows * columns, 0) };
  };
  return {
    async at({ tokens = shape.tokens }: Batch): Promise<AttentionStep> {
      const found = open.get(tokens) ?? (await compile(tokens));
      open.set(tokens, found);
      return found;
    },
    async release(): Promise<void> {
      for (const { step } of open.values()) await step.release();
    },
  };
}
