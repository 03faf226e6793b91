/**
 * Rebuilds the rows of runs from their folders. A run and its journal are added together. Long journals are added in stretches, so
 * that other processes can write in between and a killed rebuild can continue where it stopped.
 */
import { copyFileSync, existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { checked, runId } from '#contract/names';
import type { Rebuilt } from '#contract/services';
import { sweepDrafts } from '#disk/atomicFile';
import { leaseHolder } from '#disk/lease';
import { readRunConfig } from '#runFolder/config';
import { readRunJob } from '#runFolder/job';
import { type Damage, damageText, inStretches, openJournal, readEntries } from '#runFolder/journal';
import { readMarks } from '#runFolder/marks';
import { runFiles } from '#runFolder/paths';
import type { Store } from './store.ts';

type Into = Pick<Store, 'runs' | 'apply' | 'together'>;

/** Adds every run of a folder, or its missing entries, to the store. With `missing`, adds only runs that the store lacks entirely. */
export async function rebuild(
  store: Into,
  runsFolder: string,
  which: 'all' | 'missing' = 'all',
): Promise<Omit<Rebuilt, 'setAside'>> {
  const found: Omit<Rebuilt, 'setAside'> = { added: 0, completed: 0, unreadable: [], damaged: [] };
  const names = existsSync(runsFolder) ? readdirSync(runsFolder, { withFileTypes: true }) : [];
  const ids = names.filter((each) => !each.isFile() && !each.name.startsWith('.')).map(({ name }) => name);
  const known = new Set(store.runs.ids());
  for (const id of ids.sort()) {
    const folder = join(runsFolder, id);
    const isNew = !known.has(id);
    if (isNew ? removeBegun(store, folder, id) : which === 'missing') continue;
    try {
      if (isNew) checked(runId, id, 'Rename the folder.');
      const { changed, damage } = await bringIn(store, folder, id, isNew);
      if (isNew) found.added++;
      else if (changed) found.completed++;
      if (damage.length > 0) found.damaged.push(`${folder}: ${damageText(damage)}`);
    } catch (error) {
      found.unreadable.push(`${folder}: ${(error as Error).message}`);
    }
  }
  return found;
}

/** Removes the folder of a run whose creation was interrupted before its config was written. Returns whether it did. */
function removeBegun(store: Into, folder: string, id: string): boolean {
  if (existsSync(runFiles(folder).config)) return false;
  try {
    store.together(() => {
      if (store.runs.has(id)) return; // otherwise no process is making this run, since folder and row are written in one transaction
      sweepDrafts(folder);
      rmdirSync(folder);
    });
    return !existsSync(folder);
  } catch {
    return false; // the folder is not empty
  }
}

async function bringIn(store: Into, folder: string, id: string, isNew: boolean) {
  const files = runFiles(folder);
  if (isNew) sweepDrafts(folder); // the process that made the run may have been killed while it wrote marks
  const run = { id, ...readRunConfig(folder) };
  const add = () => {
    if (readRunJob(folder)) store.runs.add(run, 'running', null, 'slurm');
    else store.runs.add(run, 'paused');
    const marks = readMarks(files.marks);
    if (marks) store.runs.restoreMarks(id, marks);
  };
  const damage: Damage[] = [];
  let changed = false;
  const after = isNew ? 0 : store.runs.seq(id);
  for (const stretch of inStretches(readEntries(files.journal, { after, onDamage: (each) => damage.push(each) }))) {
    store.together(() => {
      if (!store.runs.has(id)) add();
      store.apply(id, stretch);
    });
    changed = true;
    await breathe();
  }
  store.together(() => {
    if (!store.runs.has(id)) add();
    const holder = leaseHolder(files.lease);
    if (store.runs.get(id).state !== 'running' || (holder && holder.isAlive !== false)) return;
    if (store.runs.launcher(id) !== 'local' && readRunJob(folder)) return; // the job may still wait, or be moving to another node
    store.runs.settle(id, 'crashed', lostWithStore, Date.now());
    changed = true;
  });
  if (damage.length > 0 && !leaseHolder(files.lease)) {
    copyFileSync(files.journal, `${files.journal}.damaged`);
    openJournal(files.journal).close(); // adds warnings in place of lost entries
  }
  return { changed, damage };
}

const lostWithStore = {
  code: 'crashed',
  message: 'The run was running when the store was lost. Resume it to continue from its last checkpoint.',
};
