/** Opens the store of a home: checks it after a crash, adds missing runs, and replaces a damaged store. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { isDamage } from '#disk/troubles';
import { runFiles } from '#runFolder/paths';
import { hasDeadApps, livingApps } from '#scheduler/owners';
import { setAside } from '#store/database';
import { rebuild } from '#store/rebuild';
import { openStore, type Store } from '#store/store';

export interface RunStoreOptions {
  /** Opens the store read-only. */
  reads: boolean;
  /** Replaces a damaged store with an empty one. */
  repairs: boolean;
}

/** Returns the store, and the new path of a damaged one. Throws `store`; `conflict` if a damaged store is in use. */
export async function openRunStore(
  home: string,
  { reads, repairs }: RunStoreOptions,
): Promise<{ store: Store; damaged: string | null }> {
  const path = join(home, 'permafrost.db');
  const runsFolder = join(home, 'runs');
  const checks = repairs ? 'whole' : !reads && hasDeadApps(home) ? 'quick' : null;
  try {
    const store = await openStore(path, { reads, checks });
    if (!reads && !repairs) await rebuild(store, runsFolder, 'missing');
    if (!repairs) warnOfLostRuns(store, runsFolder);
    return { store, damaged: null };
  } catch (error) {
    if (!repairs || !isDamage((error as Error).cause)) throw error;
    const [other] = await livingApps(home);
    if (other)
      throw new PermafrostError(
        'conflict',
        `${path} is damaged and in use by ${other}. Quit that app, then run permafrost rebuild again.`,
      );
    const damaged = setAside(path);
    return { store: await openStore(path), damaged };
  }
}

/** Warns when the store has no runs but the home has run folders: its file was deleted or emptied. */
function warnOfLostRuns(store: Store, runsFolder: string): void {
  if (!existsSync(runsFolder) || store.runs.isAny()) return;
  const count = readdirSync(runsFolder).filter((id) => existsSync(runFiles(join(runsFolder, id)).config)).length;
  if (count > 0)
    console.error(
      `The run store has no runs, but ${runsFolder} has ${count}. Run permafrost rebuild to add ${count === 1 ? 'it' : 'them'}.`,
    );
}
