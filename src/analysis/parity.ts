/** Checks that an ONNX model computes the same as the run's own evaluation. */
import type { Tensor } from 'onnxruntime-common';
import type { ModelExport } from '#contract/analysis';
import { PermafrostError } from '#contract/errors';
import type { Device, OnnxDevice } from '#engine/device';
import type { TensorData } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { evalProgram } from '#models/steps';
import type { Batch } from '#tasks/task';
import { inputsOf } from '#trainer/learner';
import { batchSpecs, formOf } from '#trainer/programs';
import { planOf } from '#trainer/protocol';
import { loadDataset } from '#zoo/loadDataset';
import type { ModelContent, WrittenModel } from './modelFile.ts';
import type { RunNetwork } from './runNetwork.ts';

export interface CheckOptions {
  home: string;
  /** A device of ONNX Runtime on the CPU. */
  device: Device;
}

/** Largest allowed difference between logits, relative to the largest logit (or 1, if that is larger). */
const tolerance = 1e-4;

/**
 * Compares the ONNX model at `path` with the run's own evaluation on test batches. Returns the largest difference between logits.
 * Throws `trace` if it is more than rounding.
 */
export async function checkParity(
  { network, path }: ModelContent,
  { batch }: WrittenModel,
  { home, device }: CheckOptions,
): Promise<ModelExport['parity']> {
  const { config, task } = network;
  const sizes = batch ? [batch] : [planOf(config, task.readsWholeBatches).evalBatch, 1];
  const { runtime } = device as OnnxDevice;
  const session = await runtime.InferenceSession.create(path, { executionProviders: ['cpu'] });
  const evaluations = await openEvaluations(network, home, device);
  let [difference, largest, samples] = [0, 1, 0];
  try {
    for (const size of sizes) {
      const { inputs, specs, logits } = await evaluations.run(size);
      const feeds = Object.entries(inputs)
        .filter(([name]) => session.inputNames.includes(name))
        .map(([name, data]): [string, Tensor] => {
          const { shape, dtype = 'float32' } = specs[name];
          return [name, new runtime.Tensor(dtype, data, shape)];
        });
      const found = (await session.run(Object.fromEntries(feeds))).logits.data as Float32Array;
      logits.forEach((expected, i) => {
        const off = Math.abs(found[i] - expected);
        difference = Math.max(difference, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
        largest = Math.max(largest, Math.abs(expected));
      });
      samples += size;
    }
  } finally {
    await session.release();
    evaluations.close();
  }
  if (difference > tolerance * largest) {
    throw new PermafrostError(
      'trace',
      `The logits of the ONNX model differ from the run's own evaluation by ${difference}; at most ${tolerance * largest} is allowed. The model was deleted. Please report this with the run's config.`,
    );
  }
  return { difference, samples };
}

/** Opens the run's own evaluation, for test batches of any size. */
async function openEvaluations({ config, task, shape, model, weights }: RunNetwork, home: string, device: Device) {
  const loaded = task.dataset === null ? null : await loadDataset(task.dataset, { home });
  return {
    async run(size: number) {
      const sizes = { train: size, test: size, final: size };
      const batch = task.batches(config, loaded?.dataset ?? null, { seed: config.seed, sizes }).batch('test', 0);
      const inputs = inputsOf(padded(batch, size));
      const specs = batchSpecs(shape, formOf(shape, {}), size);
      const program = evalProgram({ model, loss: task.loss(config) });
      const state = createState(weights.trained);
      const step = await compileStep(program, { state, inputs: specs, frozen: weights.frozen, device });
      const { logits } = await step.run(inputs);
      await step.release();
      return { inputs, specs, logits: logits as Float32Array };
    },
    close: () => loaded?.close(),
  };

  /** Pads a batch of shorter sequences to the length that the file takes, the same for both. */
  function padded(batch: Batch, size: number): Batch {
    const { tokens = shape.tokens, x } = batch;
    if (tokens === shape.tokens) return batch;
    const longer: TensorData = new (x.constructor as typeof Int32Array)((x.length / tokens) * shape.tokens);
    const from = x.length / size;
    for (let i = 0; i < size; i++) longer.set(x.subarray(i * from, (i + 1) * from), i * (longer.length / size));
    return { ...batch, x: longer };
  }
}
