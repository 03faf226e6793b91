/**
 * Writes the proof that frozen weights stay untouched, `frozen.json` of the run folder. Hashes every frozen tensor before the
 * first step, and again as the device reads it back when a session ends. Refuses to resume a run with other weights.
 */
import { PermafrostError } from '#contract/errors';
import { changedTensors, type FrozenProof, type FrozenTensor } from '#contract/frozen';
import { sha256 } from '#disk/hash';
import type { Device } from '#engine/device';
import type { Frozen, TensorData } from '#engine/program';
import { readBack } from '#engine/readBack';
import type { Journal } from '#runFolder/journal';
import { readProof, writeProof } from '#runFolder/proof';

const hashOf = ({ buffer, byteOffset, byteLength }: TensorData): string =>
  sha256(new Uint8Array(buffer, byteOffset, byteLength));

/** Hashes the frozen weights at the start of a session. Throws `weights` if they differ from those that the run began with. */
export function beginProof(path: string, frozen: Record<string, Frozen>, journal: Journal): FrozenProof | null {
  const tensors = hashesOf(frozen);
  if (tensors.length === 0) return null;
  const began = proofOf(path, journal);
  if (!began) return keep(path, { hashedAt: Date.now(), checked: null, tensors }, journal);
  const [changed] = changedTensors(began);
  if (changed)
    throw new PermafrostError(
      'weights',
      `${changed.name} changed while the run was under way, up to step ${began.checked?.step}: its results since then are invalid. Start a new run.`,
    );
  compare(began, tensors, frozen);
  return began;
}

/** The proof of earlier sessions. A damaged one is logged and replaced, since nothing can be compared with it. */
function proofOf(path: string, journal: Journal): FrozenProof | null {
  try {
    return readProof(path);
  } catch (error) {
    journal.log('warn', `${(error as Error).message} The hashes are those of this session from here on.`);
    return null;
  }
}

/** Throws `weights` if frozen values differ from those in the proof at `path`. */
export function checkFrozen(path: string, frozen: Record<string, Frozen>): void {
  const began = readProof(path);
  if (began) compare(began, hashesOf(frozen), frozen);
}

const hashesOf = (frozen: Record<string, Frozen>): FrozenTensor[] =>
  Object.entries(frozen).map(([name, value]) => ({
    ...{ name, shape: value.shape, before: hashOf(value.read()) },
    after: null,
  }));

function compare(began: FrozenProof, tensors: FrozenTensor[], frozen: Record<string, Frozen>): void {
  const now = new Map(tensors.map(({ name, before }) => [name, before]));
  const other = began.tensors.find(({ name, before }) => now.get(name) !== before);
  if (!other) return;
  const file = frozen[other.name]?.file?.name;
  throw new PermafrostError(
    'weights',
    `${other.name} is not what the run began with: SHA-256 ${other.before.slice(0, 12)}… then, ${now.get(other.name)?.slice(0, 12) ?? 'nothing'}… now. ` +
      `${file ? `The file ${file} was changed or replaced: put the old one back` : 'The config was changed: undo that'}, or start a new run.`,
  );
}

/** Hashes what the device reads back after `step` steps. Logs tensors that changed. */
export async function endProof(
  path: string,
  proof: FrozenProof,
  frozen: Record<string, Frozen>,
  device: Device,
  step: number,
  journal: Journal,
): Promise<void> {
  const after = new Map<string, string>();
  for await (const [name, data] of readBack(frozen, device)) after.set(name, hashOf(data));
  const tensors = proof.tensors.map((tensor) => ({ ...tensor, after: after.get(tensor.name) ?? null }));
  const checked = keep(path, { ...proof, checked: { at: Date.now(), step }, tensors }, journal);
  const changed = changedTensors(checked).map(({ name }) => name);
  if (changed.length > 0)
    journal.log('warn', `Frozen weights changed while the run was under way: ${changed.join(', ')}. Do not trust it.`);
}

/** Writes the proof. When the disk refuses, logs a warning and goes on. */
function keep(path: string, proof: FrozenProof, journal: Journal): FrozenProof {
  try {
    writeProof(path, proof);
  } catch (error) {
    if (!(error instanceof PermafrostError) || error.code !== 'disk') throw error;
    journal.log('warn', `${error.message} The hashes of the frozen weights are not kept.`);
  }
  return proof;
}
