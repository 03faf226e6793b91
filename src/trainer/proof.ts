/** Reads `frozen.json` of a run folder, the proof that frozen weights stay untouched; `frozen.ts` keeps it. */
import { existsSync, readFileSync } from 'node:fs';
import { type FrozenProof, frozenProof } from '#contract/frozen';

/** The proof at `path`; null where the run has frozen nothing or not begun. */
export const readProof = (path: string): FrozenProof | null =>
  existsSync(path) ? frozenProof.parse(JSON.parse(readFileSync(path, 'utf8'))) : null;
