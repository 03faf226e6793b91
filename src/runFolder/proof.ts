/** `frozen.json` of a run folder: the proof that training did not change frozen weights. */
import { existsSync } from 'node:fs';
import { PermafrostError } from '#contract/errors';
import { type FrozenProof, frozenProof } from '#contract/frozen';
import { writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';

const largest = 2 ** 26; // bytes

/** The proof at `path`; null if the run froze nothing or has not begun. Throws `data` for a damaged file. */
export function readProof(path: string): FrozenProof | null {
  if (!existsSync(path)) return null;
  try {
    return frozenProof.parse(readSmallJson(path, largest, 'data'));
  } catch (cause) {
    throw new PermafrostError(
      'data',
      `${path} should contain the hashes of the run's frozen weights, but it is damaged. Restore it from a copy, or delete it: the run's result does not depend on it.`,
      { cause },
    );
  }
}

/** Writes the proof. Throws `disk`. */
export const writeProof = (path: string, proof: FrozenProof): void =>
  writeAtomically(path, [Buffer.from(`${JSON.stringify(proof)}\n`)]);
