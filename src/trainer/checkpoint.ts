/**
 * A run's checkpoint: one safetensors file that is whole or absent. It holds the mutable state under its own names, the
 * weights of the best iteration under `best/…`, and the run's {@link Progress} as metadata. Data order and dropout follow
 * from the step, so nothing else is needed to continue exactly.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import type { Data, Spec } from '#engine/program';
import { readSafetensors, safetensorsChunks, tensorData } from '#formats/safetensors';
import { withFile } from '#zoo/file';
import { writeAtomically } from './files.ts';
import type { Progress } from './protocol.ts';

type Tensors = Record<string, { shape: number[]; data: Data }>;

export interface Checkpoint {
  progress: Progress;
  state: Record<string, Data>;
  /** Trained parameters of the best iteration; null before the first evaluation. */
  best: Record<string, Data> | null;
}

const progressSchema = z.object({
  step: z.int().min(0),
  iteration: z.int().min(0),
  best: z.object({ iteration: z.int(), loss: z.number() }).nullable(),
  testMetrics: z.array(z.number()),
  seconds: z.number(),
}) satisfies z.ZodType<Progress>;

const metadataKey = 'permafrost.progress';
const bestPrefix = 'best/';

/** Writes a checkpoint in place of the one before. Throws `disk`, with the one before intact. */
export function writeCheckpoint(
  path: string,
  specs: Readonly<Record<string, Spec>>,
  { progress, state, best }: Checkpoint,
): void {
  const tensors: Tensors = {};
  for (const [name, data] of Object.entries(state)) tensors[name] = { shape: specs[name].shape, data };
  for (const [name, data] of Object.entries(best ?? {}))
    tensors[bestPrefix + name] = { shape: specs[name].shape, data };
  writeAtomically(path, safetensorsChunks(tensors, { [metadataKey]: JSON.stringify(progress) }));
}

/** Writes trained parameters alone, for use elsewhere, with the iteration they come from. Throws `disk`. */
export function writeWeights(
  path: string,
  specs: Readonly<Record<string, Spec>>,
  weights: Record<string, Data>,
  iteration: number,
): void {
  const tensors = Object.entries(weights).map(([name, data]) => [name, { shape: specs[name].shape, data }] as const);
  writeAtomically(path, safetensorsChunks(Object.fromEntries(tensors), { iteration: String(iteration) }));
}

/**
 * The checkpoint at `path`, null when there is none. Throws `weights` when it is damaged, or when its tensors are not
 * those of `specs`: then the config was changed in a way that this run cannot follow.
 */
export function readCheckpoint(path: string, specs: Readonly<Record<string, Spec>>): Checkpoint | null {
  if (!existsSync(path)) return null;
  return withFile(path, (source) => {
    const { metadata, tensors } = readSafetensors(source);
    const state: Record<string, Data> = {};
    const best: Record<string, Data> = {};
    for (const [name, tensor] of tensors) {
      const isBest = name.startsWith(bestPrefix);
      const plain = isBest ? name.slice(bestPrefix.length) : name;
      if (String(specs[plain]?.shape) !== String(tensor.shape))
        throw unfit(path, `${name} [${tensor.shape}]`, specs[plain]?.shape);
      (isBest ? best : state)[plain] = tensorData(source, tensor) as Data;
    }
    const missing = Object.keys(specs).find((name) => !(name in state));
    if (missing) throw unfit(path, `no ${missing}`, specs[missing].shape);
    return {
      progress: readProgress(path, metadata[metadataKey]),
      state,
      best: Object.keys(best).length > 0 ? best : null,
    };
  });
}

/**
 * Trained parameters alone, of the last step or the best iteration as `choose` decides, and how far the run was. Null
 * where there is no checkpoint. Throws `weights` as {@link readCheckpoint} does.
 */
export function readTrained(
  path: string,
  shapes: Readonly<Record<string, number[]>>,
  choose: (progress: Progress) => 'last' | 'best',
): { progress: Progress; values: Record<string, Data> } | null {
  if (!existsSync(path)) return null;
  return withFile(path, (source) => {
    const { metadata, tensors } = readSafetensors(source);
    const progress = readProgress(path, metadata[metadataKey]);
    const prefix = choose(progress) === 'best' ? bestPrefix : '';
    const values = Object.entries(shapes).map(([name, shape]): [string, Data] => {
      const tensor = tensors.get(prefix + name);
      if (String(tensor?.shape) !== String(shape))
        throw unfit(path, tensor ? `${name} [${tensor.shape}]` : `no ${prefix}${name}`, shape);
      return [name, tensorData(source, tensor!) as Data];
    });
    return { progress, values: Object.fromEntries(values) };
  });
}

function unfit(path: string, found: string, needed: number[] | undefined): PermafrostError {
  const need = needed ? `needs [${needed}]` : 'has no such value';
  return new PermafrostError(
    'weights',
    `${path} holds ${found}; this run ${need}. The config was changed after the run began: undo that, or start a new run.`,
  );
}

function readProgress(path: string, text: string | undefined): Progress {
  const parsed = progressSchema.safeParse(JSON.parse(text ?? 'null'));
  if (parsed.success) return parsed.data;
  throw new PermafrostError(
    'weights',
    `${path} is not a checkpoint of a run: its ${metadataKey} is ${text ?? 'missing'}. Start a new run.`,
  );
}
