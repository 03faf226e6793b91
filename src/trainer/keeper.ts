/** When a run's checkpoints are written, and what happens when they cannot be. */
import { PermafrostError } from '#contract/errors';
import type { Spec } from '#engine/program';
import type { Journal } from '#runFolder/journal';
import type { RunFiles } from '#runFolder/paths';
import { type RunCheckpoint, writeBestWeights, writeRunCheckpoint } from '#runFolder/runCheckpoint';

export interface Keeper {
  /** Whether a checkpoint is due although no iteration ended. */
  isDue(): boolean;
  /** Writes a checkpoint. A disk that refuses is a warning: the run goes on and the checkpoint before stays. */
  save(checkpoint: RunCheckpoint): { saved: true } | { saved: false; error: PermafrostError };
}

const interval = 30_000; // ms between checkpoints
const largestShare = 1 / 20; // of a run's time that checkpoints within iterations may take

export function openKeeper(
  files: RunFiles,
  specs: Readonly<Record<string, Spec>>,
  /** Of the run's config. */
  digest: string,
  journal: Journal,
  now = performance.now.bind(performance),
): Keeper {
  let last = { at: now(), took: 0 };
  let weightsIteration = 0;
  let refused = false;

  const write = (checkpoint: RunCheckpoint) => {
    const { progress, best } = checkpoint;
    journal.sync(); // first: a checkpoint must not know steps whose metrics a power cut could still take
    writeRunCheckpoint(files.checkpoint, specs, digest, checkpoint);
    if (best && progress.best && progress.best.iteration !== weightsIteration) {
      writeBestWeights(files.best, specs, best, progress.best.iteration);
      weightsIteration = progress.best.iteration;
    }
  };
  return {
    isDue: () => now() - last.at > Math.max(interval, last.took / largestShare),
    save(checkpoint) {
      const start = now();
      try {
        write(checkpoint);
      } catch (error) {
        if (!(error instanceof PermafrostError) || error.code !== 'disk') throw error;
        if (!refused)
          journal.log('warn', `${error.message} Training goes on without new checkpoints; the one before is intact.`);
        refused = true;
        return { saved: false, error };
      } finally {
        const at = now();
        last = { at, took: at - start };
      }
      if (refused) journal.log('info', 'Checkpoints can be written again.');
      refused = false;
      journal.append({ kind: 'checkpoint', step: checkpoint.progress.step });
      return { saved: true };
    },
  };
}
