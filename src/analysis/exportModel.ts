/** A trained network as a file for use elsewhere, written whole and checked, or not at all. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type ModelExport, type ModelFormat, modelFormats } from '#contract/analysis';
import { configFile } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import type { FinalResult } from '#contract/run';
import type { Device } from '#engine/device';
import type { Frozen } from '#engine/program';
import { elementsOf } from '#formats/array';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { checkFrozen } from '#trainer/frozen';
import type { Network } from './network.ts';
import { writeOnnxModel } from './onnx.ts';
import { writeWeights } from './safetensors.ts';

export interface ExportInput {
  /** The run's folder. */
  folder: string;
  home: string;
  /** A CPU, which checks what was written. */
  device: Device;
  path: string;
  externalData: boolean;
}

/** What a format has to write. */
export interface Exported extends ExportInput {
  network: Network;
  /** Every parameter that is computed with, by name, in the model's order. */
  parameters: Record<string, Frozen>;
  metadata: Record<string, string>;
  version: string;
}

/** Writes and checks; returns the files, and what the check found. Throws what is wrong, and leaves nothing then. */
type Writer = (exported: Exported) => Promise<Pick<ModelExport, 'parity' | 'batch'> & { paths: string[] }>;

const writers: Record<ModelFormat, Writer> = { onnx: writeOnnxModel, safetensors: writeWeights };

export async function exportModel(network: Network, input: ExportInput): Promise<ModelExport> {
  const { folder, path } = input;
  const format = modelFormats.find((each) => extname(path).toLowerCase() === `.${each}`);
  if (!format)
    throw new PermafrostError(
      'config',
      `${path} should end with ${modelFormats.map((each) => `.${each}`).join(' or ')}.`,
    );
  const { config, model, weights, checkpoint } = network;
  checkFrozen(runFiles(folder).frozen, weights.frozen);
  const trained = Object.entries(weights.trained).map(([name, { shape, data }]): [string, Frozen] => [
    name,
    { shape, read: () => data },
  ]);
  const all: Record<string, Frozen> = { ...weights.frozen, ...Object.fromEntries(trained) };
  const names = Object.keys(model.parameters);
  const parameters = Object.fromEntries(names.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
  const leftOut = names.filter((name) => !all[name]);
  const version = versionOf();
  const metadata = {
    'permafrost.version': version,
    'permafrost.run': basename(folder),
    'permafrost.task': config.task,
    'permafrost.checkpoint': `${checkpoint.name}, step ${checkpoint.step}`,
    'permafrost.result': JSON.stringify(resultOf(folder)),
    'permafrost.config': JSON.stringify(configFile(config)),
  };
  const { paths, ...found } = await writers[format]({ ...input, network, parameters, metadata, version });
  return {
    ...{ format, checkpoint, leftOut, ...found },
    files: paths.map((each) => ({ path: each, bytes: statSync(each).size })),
    tensors: Object.keys(parameters).length,
    parameters: Object.values(parameters).reduce((sum, { shape }) => sum + elementsOf(shape), 0),
  };
}

/** Deletes what was written where the check throws. */
export async function checked<T>(paths: readonly string[], check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    for (const path of paths) rmSync(path, { force: true });
    throw error;
  }
}

/** The metric of the run's final evaluation; null until it is finished. */
function resultOf(folder: string): Pick<FinalResult, 'metric' | 'value' | 'samples'> | null {
  const ended = [...readEntries(runFiles(folder).journal, { kinds: ['ended'] })].at(-1)?.body;
  if (ended?.kind !== 'ended' || !ended.result) return null;
  const { metric, value, samples } = ended.result;
  return { metric, value, samples };
}

const versionOf = (): string =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).version;
