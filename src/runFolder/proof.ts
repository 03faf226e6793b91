/** `frozen.json` of a run folder, the proof that frozen weights stay untouched. */
import { existsSync } from 'node:fs';
import { PermafrostError } from '#contract/errors';
import { type FrozenProof, frozenProof } from '#contract/frozen';
import { writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';

const largest = 2 ** 26; // bytes

/** The proof at `path`; null where the run has frozen nothing or not begun. Throws `data` for a damaged file. */
export function readProof(path: string): FrozenProof | null {
  if (!existsSync(path)) return null;
  try {
    return frozenProof.parse(readSmallJson(path, largest, 'data'));
  } catch (cause) {
    throw new PermafrostError(
      'data',
      `${path} should hold the hashes of the run's frozen weights, but is damaged. Put the file back from a copy, or delete it: the run's result does not depend on it.`,
      { cause },
    );
  }
}

/** Throws `disk`. */
export const writeProof = (path: string, proof: FrozenProof): void =>
  writeAtomically(path, [Buffer.from(`${JSON.stringify(proof)}\n`)]);
