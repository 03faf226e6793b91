/** Exports a run's network to a file for use elsewhere. The file is complete and checked, or absent. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type ModelExport, type ModelFormat, modelFormats } from '#contract/analysis';
import { configFile } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import type { FinalResult } from '#contract/run';
import { writeAtomically } from '#disk/atomicFile';
import type { Frozen } from '#engine/program';
import { elementsOf } from '#formats/array';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { checkFrozen } from '#trainer/frozen';
import type { ModelContent, WrittenModel } from './modelFile.ts';
import { writeOnnxModel } from './onnxModel.ts';
import { type CheckOptions, checkParity } from './parity.ts';
import type { RunNetwork } from './runNetwork.ts';
import { checkBits, writeSafetensorsModel } from './safetensorsModel.ts';

export interface ExportInput extends CheckOptions, Pick<ModelContent, 'path' | 'externalData'> {
  /** The run's folder. */
  folder: string;
}

interface FormatRow {
  write(content: ModelContent): WrittenModel;
  /** Throws if the file differs from the network. */
  check(content: ModelContent, written: WrittenModel, options: CheckOptions): Promise<ModelExport['parity']>;
}

const formats: Record<ModelFormat, FormatRow> = {
  onnx: { write: writeOnnxModel, check: checkParity },
  safetensors: {
    write: writeSafetensorsModel,
    async check(content) {
      checkBits(content);
      return null;
    },
  },
};

/**
 * Writes the network in the format of the path's ending and checks it. If either fails, deletes the files that it wrote.
 * Throws `config` for other endings, `weights`, `disk` or `trace`.
 */
export async function exportModel(network: RunNetwork, input: ExportInput): Promise<ModelExport> {
  const { folder, path, externalData } = input;
  const format = modelFormats.find((each) => extname(path).toLowerCase() === `.${each}`);
  if (!format)
    throw new PermafrostError(
      'config',
      `${path} should end with ${modelFormats.map((each) => `.${each}`).join(' or ')}.`,
    );
  const { config, model, weights, checkpoint } = network;
  checkFrozen(runFiles(folder).frozen, weights.frozen);
  const parameters = parametersOf(network);
  const version = readVersion();
  const metadata = {
    'permafrost.version': version,
    'permafrost.run': basename(folder),
    'permafrost.task': config.task,
    'permafrost.checkpoint': `${checkpoint.name}, step ${checkpoint.step}`,
    'permafrost.result': JSON.stringify(resultOf(folder)),
    'permafrost.config': JSON.stringify(configFile(config)),
  };
  const paths: string[] = [];
  const save = (file: string, chunks: Iterable<Uint8Array>) => {
    writeAtomically(file, chunks);
    paths.push(file);
  };
  const content = { network, path, externalData, parameters, metadata, version, save };
  const { written, parity } = await writeChecked(formats[format], content, input).catch((error) => {
    for (const each of paths) rmSync(each, { force: true });
    throw error;
  });
  return {
    ...{ format, checkpoint, parity, ...written },
    files: paths.sort().map((each) => ({ path: each, bytes: statSync(each).size })),
    leftOut: Object.keys(model.parameters).filter((name) => !parameters[name]),
    tensors: Object.keys(parameters).length,
    parameters: Object.values(parameters).reduce((sum, { shape }) => sum + elementsOf(shape), 0),
  };
}

async function writeChecked({ write, check }: FormatRow, content: ModelContent, options: CheckOptions) {
  const written = write(content);
  return { written, parity: await check(content, written, options) };
}

/** Trained and frozen parameters by name, in the model's order. */
function parametersOf({ model, weights: { trained, frozen } }: RunNetwork): Record<string, Frozen> {
  const names = Object.keys(model.parameters).filter((name) => frozen[name] ?? trained[name]);
  return Object.fromEntries(
    names.map((name): [string, Frozen] => {
      if (!trained[name]) return [name, frozen[name]];
      const { shape, data } = trained[name];
      return [name, { shape, read: () => data }];
    }),
  );
}

/** The metric of the run's final evaluation; null until it is finished. */
function resultOf(folder: string): Pick<FinalResult, 'metric' | 'value' | 'samples'> | null {
  const ended = [...readEntries(runFiles(folder).journal, { kinds: ['ended'] })].at(-1)?.body;
  if (ended?.kind !== 'ended' || !ended.result) return null;
  const { metric, value, samples } = ended.result;
  return { metric, value, samples };
}

const readVersion = (): string =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).version;
