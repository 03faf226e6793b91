/** A network as an ONNX model: inputs to logits, without dropout, its parameters inside or in a file beside it. */
import { basename } from 'node:path';
import type { Tensor } from 'onnxruntime-common';
import { PermafrostError } from '#contract/errors';
import { writeAtomically } from '#disk/atomicFile';
import type { OnnxDevice } from '#engine/device';
import { inferenceModel } from '#engine/inference';
import type { Frozen, Program, TensorData } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { elementsOf } from '#formats/array';
import type { Model } from '#models/model';
import { evalProgram } from '#models/steps';
import type { Batch } from '#tasks/task';
import { batchSpecs, inputsOf } from '#trainer/learner';
import { planOf } from '#trainer/protocol';
import { loadDataset } from '#zoo/datasets';
import { checked, type Exported } from './exportModel.ts';
import type { Network } from './network.ts';

/** Protobuf ends at 2 GiB; the graph itself takes some. */
const mostInline = 1.9e9; // bytes
/** Largest difference of a logit from the run's own evaluation, where logits are about 1. */
const tolerance = 1e-4;

const logitsProgram =
  (model: Model): Program =>
  ({ inputs, frozen }) => ({ outputs: { logits: model.forward(frozen, inputs.x, null, undefined, inputs.at) } });

/** Writes the model, then runs it beside the run's own evaluation on test samples. Throws `trace` where they differ. */
export async function writeOnnxModel(exported: Exported) {
  const { network, path, parameters, externalData, metadata, version } = exported;
  const { config, task, shape, model } = network;
  const { evalBatch } = planOf(config, task.readsWholeBatches);
  const size = Object.values(parameters).reduce((sum, value) => sum + 4 * elementsOf(value.shape), 0);
  const external = externalData || size > mostInline;
  const data = `${path}.data`;
  const paths = external ? [path, data] : [path];
  const frozen = external ? writeData(data, parameters) : parameters;
  const inputs = (batch: number) => {
    const { y: _, ...read } = batchSpecs(shape, shape.tokens, batch);
    return read;
  };
  const made = inferenceModel(logitsProgram(model), {
    ...{ inputs, frozen, batch: evalBatch, mapsFiles: external, version, metadata },
    graph: `permafrost ${config.task}`,
  });
  writeAtomically(path, [made.bytes]);
  const sizes = made.batch === null ? [evalBatch, 1] : [made.batch];
  const parity = await checked(paths, () => compare(exported, sizes));
  return { paths, parity, batch: made.batch };
}

/** Writes the parameters one after the other; returns them with their places in that file. */
function writeData(path: string, parameters: Record<string, Frozen>): Record<string, Frozen> {
  const name = basename(path);
  let offset = 0;
  const placed = Object.entries(parameters).map(([key, value]): [string, Frozen] => {
    const length = 4 * elementsOf(value.shape);
    offset += length;
    return [key, { ...value, file: { name, offset: offset - length, length } }];
  });
  writeAtomically(path, chunks());
  return Object.fromEntries(placed);

  function* chunks() {
    for (const { read } of Object.values(parameters)) {
      const { buffer, byteOffset, byteLength } = read();
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }
}

/** Greatest difference of the file's logits from those of the run's own evaluation, on a test batch of each size. */
async function compare({ network, home, device, path }: Exported, sizes: readonly number[]) {
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
      `The ONNX model differs from the run's own evaluation by ${difference} where logits reach ${largest}; at most ${tolerance} of that is allowed. It was deleted. Please report this with the run's config.`,
    );
  }
  return { difference, samples };
}

/** The run's own evaluation on test batches of any size. */
async function openEvaluations(
  { config, task, shape, model, weights }: Network,
  home: string,
  device: Exported['device'],
) {
  const loaded = task.dataset === null ? null : await loadDataset(task.dataset, { home });
  return {
    async run(size: number) {
      const sizes = { train: size, test: size, final: size };
      const batch = task.batches(config, loaded?.dataset ?? null, { seed: config.seed, sizes }).batch('test', 0);
      const inputs = inputsOf(padded(batch, size));
      const specs = batchSpecs(shape, shape.tokens, size);
      const program = evalProgram({ model, loss: task.loss(config) });
      const state = createState(weights.trained);
      const step = await compileStep(program, { state, inputs: specs, frozen: weights.frozen, device });
      const { logits } = await step.run(inputs);
      await step.release();
      return { inputs, specs, logits: logits as Float32Array };
    },
    close: () => loaded?.close(),
  };

  /** A batch of shorter sequences, to the length that the file takes. What it is padded with is the same for both. */
  function padded(batch: Batch, size: number): Batch {
    const { tokens = shape.tokens, x } = batch;
    if (tokens === shape.tokens) return batch;
    const longer: TensorData = new (x.constructor as typeof Int32Array)((x.length / tokens) * shape.tokens);
    const from = x.length / size;
    for (let i = 0; i < size; i++) longer.set(x.subarray(i * from, (i + 1) * from), i * (longer.length / size));
    return { ...batch, x: longer };
  }
}
