/**
 * A run's checkpoint: a sealed safetensors file that is complete or absent. It contains the mutable state under its own names, the
 * weights of the best iteration under `best/…`, and, as metadata, the run's {@link Progress} and the digest of its config. Data
 * order and dropout follow from the step, so nothing else is needed to continue exactly.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { isIntact, writeSealed } from '#disk/sealed';
import { withFile } from '#disk/source';
import { readSafetensors, type SafetensorsFile, tensorData } from '#formats/safetensors';
import type { ByteSource } from '#formats/source';

type Values = Float32Array | Int32Array;
type Shapes = Readonly<Record<string, { shape: number[] }>>;

/** The position of a run. */
const progressSchema = z.object({
  /** Optimizer steps done. */
  step: z.int().min(0),
  /** Iterations done, including their test evaluations. */
  iteration: z.int().min(0),
  /** The last test loss that counted as an improvement and its iteration (from 1). */
  best: z.object({ iteration: z.int(), loss: z.number() }).nullable(),
  /** Metrics of the last 100 test evaluations, newest last. Published results are their average. */
  testMetrics: z.array(z.number()),
  /** Time spent training and evaluating, over all sessions. */
  seconds: z.number(),
});
export type Progress = z.infer<typeof progressSchema>;

export interface RunCheckpoint {
  progress: Progress;
  state: Record<string, Values>;
  /** Trained parameters of the best iteration; null before the first evaluation. */
  best: Record<string, Values> | null;
}

const progressKey = 'permafrost.progress';
/** Digest of the config that the checkpoint was trained with. Files of earlier versions have neither this digest nor a seal. */
const configKey = 'permafrost.config';
const bestPrefix = 'best/';

/** Replaces the checkpoint. If that fails, throws `disk` and leaves the old one intact. */
export function writeRunCheckpoint(
  path: string,
  shapes: Shapes,
  digest: string,
  { progress, state, best }: RunCheckpoint,
): void {
  const named = Object.entries(best ?? {}).map(([name, data]): [string, Values] => [bestPrefix + name, data]);
  const shapeOf = (name: string) => shapes[name.startsWith(bestPrefix) ? name.slice(bestPrefix.length) : name].shape;
  const metadata = { [configKey]: digest, [progressKey]: JSON.stringify(progress) };
  writeTensors(path, [...Object.entries(state), ...named], shapeOf, metadata);
}

/** Writes only the trained parameters, for use elsewhere, and the iteration that they are from. Throws `disk`. */
export const writeBestWeights = (
  path: string,
  shapes: Shapes,
  weights: Record<string, Values>,
  iteration: number,
): void => writeTensors(path, Object.entries(weights), (name) => shapes[name].shape, { iteration: String(iteration) });

function writeTensors(
  path: string,
  values: [string, Values][],
  shapeOf: (name: string) => number[],
  metadata: Record<string, string>,
): void {
  const specs = values.map(([name, data]) => [
    name,
    { shape: shapeOf(name), dtype: data instanceof Int32Array ? ('I32' as const) : ('F32' as const) },
  ]);
  const chunks = values.map(([, data]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  writeSealed(path, { tensors: Object.fromEntries(specs), metadata, chunks });
}

const isOld = ({ metadata }: SafetensorsFile): boolean => progressKey in metadata && !(configKey in metadata);

/** Whether the file at `path` differs from its seal. Reads the whole file. */
export const isCheckpointDamaged = (path: string): boolean =>
  withFile(path, (source) => {
    const intact = isIntact(source);
    if (intact !== null) return !intact;
    try {
      return !isOld(readSafetensors(source));
    } catch {
      return true;
    }
  });

/**
 * The checkpoint at `path`; null if there is none. Throws `weights` if it is damaged, if its config has another digest, or if its
 * tensors differ from `shapes`.
 */
export function readRunCheckpoint(path: string, shapes: Shapes, digest: string): RunCheckpoint | null {
  if (!existsSync(path)) return null;
  return withFile(path, (source) => {
    const file = readSafetensors(source);
    const { metadata, tensors } = file;
    if (!isOld(file) && metadata[configKey] !== digest) throw foreign(path);
    const state: Record<string, Values> = {};
    const best: Record<string, Values> = {};
    for (const [name, tensor] of tensors) {
      const isBest = name.startsWith(bestPrefix);
      const plain = isBest ? name.slice(bestPrefix.length) : name;
      if (String(shapes[plain]?.shape) !== String(tensor.shape))
        throw unfit(path, `${name} [${tensor.shape}]`, shapes[plain]?.shape);
      (isBest ? best : state)[plain] = tensorData(source, tensor) as Values;
    }
    const missing = Object.keys(shapes).find((name) => !(name in state));
    if (missing) throw unfit(path, `no ${missing}`, shapes[missing].shape);
    return {
      progress: readProgress(path, metadata[progressKey]),
      state,
      best: Object.keys(best).length > 0 ? best : null,
    };
  });
}

/**
 * Reads only the trained parameters, of the last step or of the best iteration, as `choose` decides, and the run's progress. Null
 * if there is no checkpoint. Throws `weights` like {@link readRunCheckpoint}.
 */
export function readTrained(
  path: string,
  shapes: Readonly<Record<string, number[]>>,
  choose: (progress: Progress) => 'last' | 'best',
): { progress: Progress; values: Record<string, Values> } | null {
  if (!existsSync(path)) return null;
  return withFile(path, (source) => {
    const { metadata, tensors } = readIntact(source, path);
    const progress = readProgress(path, metadata[progressKey]);
    const prefix = choose(progress) === 'best' ? bestPrefix : '';
    const values = Object.entries(shapes).map(([name, shape]): [string, Values] => {
      const tensor = tensors.get(prefix + name);
      if (String(tensor?.shape) !== String(shape))
        throw unfit(path, tensor ? `${name} [${tensor.shape}]` : `no ${prefix}${name}`, shape);
      return [name, tensorData(source, tensor!) as Values];
    });
    return { progress, values: Object.fromEntries(values) };
  });
}

/** The header of an intact checkpoint. Hashes the whole file. Checkpoints of earlier versions have no seal and count as intact. */
function readIntact(source: ByteSource, path: string): SafetensorsFile {
  const intact = isIntact(source);
  if (intact !== false) {
    const file = readSafetensors(source);
    if (intact || isOld(file)) return file;
  }
  const found = intact === null ? 'it has no checksum' : 'its checksum (SHA-256) is wrong';
  throw new PermafrostError('weights', `${path} is damaged: ${found}. Resume the run, or start it again.`);
}

/** The origin of the checkpoint or weight file at `path`, such as `step 400` or `iteration 3`. Null if the header states neither. */
export const checkpointPlace = (path: string): string | null =>
  withFile(path, (source) => {
    const { [progressKey]: progress, iteration } = readSafetensors(source).metadata;
    if (progress !== undefined) return `step ${readProgress(path, progress).step}`;
    return iteration === undefined ? null : `iteration ${iteration}`;
  });

const foreign = (path: string): PermafrostError =>
  new PermafrostError(
    'weights',
    `${path} is the checkpoint of another run, or the run's config was changed after it began. Restore the checkpoint and config.json of this run, or start a new run.`,
  );

function unfit(path: string, found: string, needed: number[] | undefined): PermafrostError {
  const need = needed ? `needs [${needed}]` : 'has no such tensor';
  return new PermafrostError(
    'weights',
    `${path} has ${found}; this run ${need}. The config was changed after the run began: undo that, or start a new run.`,
  );
}

function readProgress(path: string, text: string | undefined): Progress {
  const parsed = progressSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new PermafrostError(
    'weights',
    `${path} is not a checkpoint of a run: its ${progressKey} is ${text?.slice(0, 80) ?? 'missing'}. Start a new run.`,
  );
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
