/** Marks of runs (tags, note, archive, trash), kept in the store and, so that a lost store can be rebuilt, in each run folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { WriteOptions } from '#disk/atomicFile';
import { writeMarks } from '#runFolder/marks';
import { runFiles } from '#runFolder/paths';
import type { Store } from '#store/store';

export type Marks = ReturnType<typeof openMarks>;

export function openMarks(store: Store, runsFolder: string) {
  /** Copies the marks of a run to its folder. */
  function save(id: string, options?: WriteOptions): void {
    const folder = join(runsFolder, id);
    if (existsSync(folder)) writeMarks(runFiles(folder).marks, store.runs.marks(id), options);
    store.runs.saved(id);
  }
  return {
    save,
    /** Changes marks in the store and in the run's folder. */
    change(id: string, write: () => void): void {
      store.runs.saving(id); // in its own transaction: after a kill between copy and commit, saveUncertain copies again
      store.together(() => {
        write();
        save(id);
      });
    },
    /** Repeats copies that are missing or were interrupted by a kill. */
    saveUncertain(): void {
      try {
        for (const id of store.runs.unsaved()) store.together(() => save(id));
      } catch (error) {
        if (!(error instanceof PermafrostError)) throw error; // the next start retries after a disk error
      }
    },
  };
}
