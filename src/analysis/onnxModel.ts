/** Writes a network as an ONNX model from inputs to logits, without dropout. Its parameters are inside the file or in another one beside it. */
import { basename } from 'node:path';
import { inferenceModel } from '#engine/inference';
import type { Frozen, Program } from '#engine/program';
import { elementsOf } from '#formats/array';
import type { Model } from '#models/model';
import { batchSpecs } from '#trainer/programs';
import { planOf } from '#trainer/protocol';
import type { ModelContent, WrittenModel } from './modelFile.ts';

/** A protobuf file is limited to 2 GiB, and the graph needs some of that. */
const mostInline = 1.9e9; // bytes

const logitsProgram =
  (model: Model): Program =>
  ({ inputs, frozen }) => ({ outputs: { logits: model.forward(frozen, inputs.x, null, undefined, inputs.at) } });

/** Writes the model, for batches of any size if its graph allows that. Throws `disk`. */
export function writeOnnxModel(content: ModelContent): WrittenModel {
  const { network, path, parameters, externalData, metadata, version, save } = content;
  const { config, task, shape, model } = network;
  const size = Object.values(parameters).reduce((sum, value) => sum + 4 * elementsOf(value.shape), 0);
  const external = externalData || size > mostInline;
  const inputs = (batch: number) => {
    const { y: _, ...read } = batchSpecs(shape, shape.tokens, batch);
    return read;
  };
  const { bytes, batch } = inferenceModel(logitsProgram(model), {
    ...{ inputs, version, metadata, graph: `permafrost ${config.task}` },
    frozen: external ? writeData(`${path}.data`, parameters, save) : parameters,
    batch: planOf(config, task.readsWholeBatches).evalBatch,
    mapsFiles: external,
  });
  save(path, [bytes]);
  return { batch };
}

/** Writes the parameters one after the other; returns them with their places in the file. */
function writeData(
  path: string,
  parameters: Record<string, Frozen>,
  save: ModelContent['save'],
): Record<string, Frozen> {
  const name = basename(path);
  let offset = 0;
  const placed = Object.entries(parameters).map(([key, value]): [string, Frozen] => {
    const length = 4 * elementsOf(value.shape);
    offset += length;
    return [key, { ...value, file: { name, offset: offset - length, length } }];
  });
  save(path, chunks());
  return Object.fromEntries(placed);

  function* chunks() {
    for (const { read } of Object.values(parameters)) {
      const { buffer, byteOffset, byteLength } = read();
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }
}
