/**
 * Proves that training does not change frozen weights, in `frozen.json` of the run folder. Hashes every frozen tensor before the
 * first step, and again when a session ends, as read back from the device. Refuses to resume a run whose weights differ.
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

/** Hashes the frozen weights at the start of a session. Throws `weights` if they differ from those at the start of the run. */
export function beginProof(path: string, frozen: Record<string, Frozen>, journal: Journal): FrozenProof | null {
  const tensors = hashesOf(frozen);
  if (tensors.length === 0) return null;
  const began = proofOf(path, journal);
  if (!began) return keep(path, { hashedAt: Date.now(), checked: null, tensors }, journal);
  const [changed] = changedTensors(began);
  if (changed)
    throw new PermafrostError(
      'weights',
      `The frozen tensor ${changed.name} changed during the run, before step ${began.checked?.step}, so later results are invalid. Start a new run.`,
    );
  compare(began, tensors, frozen);
  return began;
}

/** The proof of earlier sessions. A damaged one is logged and later replaced. */
function proofOf(path: string, journal: Journal): FrozenProof | null {
  try {
    return readProof(path);
  } catch (error) {
    journal.log('warn', `${(error as Error).message} From now on the proof holds the hashes of this session.`);
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
    `The frozen tensor ${other.name} has changed since the start of the run: its SHA-256 was ${other.before.slice(0, 12)}… and is now ${now.get(other.name)?.slice(0, 12) ?? 'nothing'}…. ` +
      `${file ? `The file ${file} was changed or replaced: restore the old one` : 'The config was changed: undo that'}, or start a new run.`,
  );
}

/** Hashes the frozen weights as read back from the device after `step` steps. Logs tensors that have changed. */
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
    journal.log('warn', `Frozen weights changed during the run: ${changed.join(', ')}. Do not trust its results.`);
}

/** Writes the proof. If the disk refuses it, logs a warning and continues. */
function keep(path: string, proof: FrozenProof, journal: Journal): FrozenProof {
  try {
    writeProof(path, proof);
  } catch (error) {
    if (!(error instanceof PermafrostError) || error.code !== 'disk') throw error;
    journal.log('warn', `${error.message} The hashes of the frozen weights were not saved.`);
  }
  return proof;
}
