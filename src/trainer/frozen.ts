/**
 * Keeps the proof that frozen weights stay untouched, `frozen.json` of the run folder: every frozen tensor is hashed before
 * the first step, and again as the device reads it back when a session ends. A run that goes on with other weights is refused.
 */
import { createHash } from 'node:crypto';
import { PermafrostError } from '#contract/errors';
import { changedTensors, type FrozenProof, type FrozenTensor } from '#contract/frozen';
import type { Device } from '#engine/device';
import type { Data, Frozen } from '#engine/program';
import { readBack } from '#engine/readBack';
import { writeAtomically } from './files.ts';
import type { Journal } from './journal.ts';
import { readProof } from './proof.ts';

const sha256 = ({ buffer, byteOffset, byteLength }: Data): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');

/** Hashes what a session begins with. Throws `weights` where it is not what the run began with. */
export function beginProof(path: string, frozen: Record<string, Frozen>, journal: Journal): FrozenProof | null {
  const tensors = hashesOf(frozen);
  if (tensors.length === 0) return null;
  const began = readProof(path);
  if (!began) return keep(path, { hashedAt: Date.now(), checked: null, tensors }, journal);
  compare(began, tensors, frozen);
  return began;
}

/** Throws `weights` where frozen values are not what the run began with; `path` is that of its proof. */
export function checkFrozen(path: string, frozen: Record<string, Frozen>): void {
  const began = readProof(path);
  if (began) compare(began, hashesOf(frozen), frozen);
}

const hashesOf = (frozen: Record<string, Frozen>): FrozenTensor[] =>
  Object.entries(frozen).map(([name, value]) => ({
    ...{ name, shape: value.shape, before: sha256(value.read()) },
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

/** Hashes what the device reads back after `step` steps. Tensors that changed are told in the run's log. */
export async function endProof(
  path: string,
  proof: FrozenProof,
  frozen: Record<string, Frozen>,
  device: Device,
  step: number,
  journal: Journal,
): Promise<void> {
  const after = new Map<string, string>();
  for await (const [name, data] of readBack(frozen, device)) after.set(name, sha256(data));
  const tensors = proof.tensors.map((tensor) => ({ ...tensor, after: after.get(tensor.name) ?? null }));
  const checked = keep(path, { ...proof, checked: { at: Date.now(), step }, tensors }, journal);
  const changed = changedTensors(checked).map(({ name }) => name);
  if (changed.length > 0)
    journal.log('warn', `Frozen weights changed while the run was under way: ${changed.join(', ')}. Do not trust it.`);
}

/** Writes the proof; a disk that refuses costs the proof and not the run. */
function keep(path: string, proof: FrozenProof, journal: Journal): FrozenProof {
  try {
    writeAtomically(path, [new TextEncoder().encode(`${JSON.stringify(proof)}\n`)]);
  } catch (error) {
    if (!(error instanceof PermafrostError) || error.code !== 'disk') throw error;
    journal.log('warn', `${error.message} The hashes of the frozen weights are not kept.`);
  }
  return proof;
}
