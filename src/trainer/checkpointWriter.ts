/** Writes a run's checkpoints when they are due. If the disk refuses them, the run continues. */
import { PermafrostError } from '#contract/errors';
import type { Spec } from '#engine/program';
import type { Journal } from '#runFolder/journal';
import type { RunFiles } from '#runFolder/paths';
import { type RunCheckpoint, writeBestWeights, writeRunCheckpoint } from '#runFolder/runCheckpoint';

export interface CheckpointWriter {
  /** Whether a checkpoint is due before the iteration ends. */
  isDue(): boolean;
  /** Writes a checkpoint. If the disk refuses it, logs a warning and keeps the previous checkpoint. */
  save(checkpoint: RunCheckpoint): { saved: true } | { saved: false; error: PermafrostError };
}

const interval = 30_000; // ms between checkpoints
const largestShare = 1 / 20; // of a run's time for checkpoints inside iterations

export function openCheckpointWriter(
  files: RunFiles,
  specs: Readonly<Record<string, Spec>>,
  /** Digest of the run's config. */
  digest: string,
  journal: Journal,
  now = performance.now.bind(performance),
): CheckpointWriter {
  let last = { at: now(), took: 0 };
  let weightsIteration = 0;
  let refused = false;

  const write = (checkpoint: RunCheckpoint) => {
    const { progress, best } = checkpoint;
    journal.sync(); // first, so that after a power cut no checkpoint is newer than the metrics
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
          journal.log('warn', `${error.message} Training continues without new checkpoints; the last one is intact.`);
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
