/** Makes runs: for each its folder, its row in the queue and its tags. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LauncherName } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { diskError } from '#disk/troubles';
import { writeRunConfig } from '#runFolder/config';
import type { Store } from '#store/store';
import type { Marks } from './marks.ts';

export interface RunMaker {
  store: Store;
  marks: Marks;
  runsFolder: string;
  /** Throws `config` for a config that cannot run. */
  check(config: ExperimentConfig): void;
  /** Name of the app whose queue gets the runs. */
  appName(): string;
}

/**
 * Makes a queued run for every config that `choose` returns, or none on an error, and returns their ids. `choose` runs in the same
 * transaction, so the store cannot change between its reads and the new rows.
 */
export function createRuns(
  { store, marks, runsFolder, check, appName }: RunMaker,
  choose: () => readonly ExperimentConfig[],
  tags: readonly string[] = [],
  launcher: LauncherName = 'local',
): string[] {
  const ids: string[] = [];
  try {
    store.together(() => {
      const configs = choose();
      for (const config of configs) check(config);
      for (const config of configs) {
        const app = appName();
        const run = { id: makeFolder(runsFolder, config.task), config, createdAt: Date.now() };
        ids.push(run.id);
        writeRunConfig(join(runsFolder, run.id), run);
        store.runs.add(run, 'queued', app, launcher);
        for (const tag of tags) store.runs.tag(run.id, tag);
        if (tags.length > 0) marks.save(run.id, { durable: false });
      }
    });
  } catch (error) {
    for (const id of ids) rmSync(join(runsFolder, id), { recursive: true, force: true });
    throw error;
  }
  return ids;
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'; // without l, o, 0 and 1, which look alike

/** Makes the folder of a new run and returns its id, which is the task and six random characters. */
function makeFolder(runsFolder: string, task: string): string {
  const random = randomStream(process.pid, 'run id', Date.now(), performance.now());
  for (;;) {
    const id = `${task}-${Array.from({ length: 6 }, () => alphabet[random.below(32)]).join('')}`;
    try {
      mkdirSync(join(runsFolder, id));
      return id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(join(runsFolder, id), error);
    }
  }
}
