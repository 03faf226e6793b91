/** The checkpoint files of a run. */
import { statSync } from 'node:fs';
import type { CheckpointFile } from '#contract/runRow';
import type { RunFiles } from '#runFolder/paths';
import { checkpointPlace } from '#runFolder/runCheckpoint';

/** Describes the checkpoint files that exist. */
export function readCheckpoints(files: RunFiles): CheckpointFile[] {
  return (['checkpoint', 'best'] as const).flatMap((kind) => {
    const path = files[kind];
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats ? [{ kind, path, bytes: stats.size, at: stats.mtimeMs, made: madeAt(path) }] : [];
  });
}

function madeAt(path: string): string {
  try {
    return checkpointPlace(path) ?? 'unknown';
  } catch {
    return 'damaged';
  }
}
