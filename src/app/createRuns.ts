/** Makes runs: for each its folder, its row in the queue and its tags. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { LauncherName } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { diskError } from '#disk/troubles';
import { beginTurn, inTurns } from '#disk/turns';
import { type NewRun, writeRunConfig } from '#runFolder/config';
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
 * Makes a queued run for every config that `choose` returns, or none on an error. `choose` gets the runs that this call has made so
 * far. It is called again after others have added runs, in a transaction, so that two callers do not make the same run.
 */
export async function createRuns(
  { store, marks, runsFolder, check, appName }: RunMaker,
  choose: (made: readonly NewRun[]) => readonly ExperimentConfig[],
  tags: readonly string[] = [],
  launcher: LauncherName = 'local',
): Promise<NewRun[]> {
  const made: NewRun[] = [];
  const checked = new Set<ExperimentConfig>();
  const requireTrainable = (config: ExperimentConfig) => {
    if (!checked.has(config)) check(config);
    checked.add(config);
  };

  function make(config: ExperimentConfig): void {
    const app = appName();
    const run = { id: makeFolder(runsFolder, config.task), config, createdAt: Date.now() };
    made.push(run);
    writeRunConfig(join(runsFolder, run.id), run);
    store.runs.add(run, 'queued', app, launcher);
    for (const tag of tags) store.runs.tag(run.id, tag);
    if (tags.length > 0) marks.save(run.id, { durable: false });
  }

  let newest = store.runs.newest();
  let left = choose(made);
  await inTurns(left, requireTrainable);
  for (let next = 0; next < left.length; await breathe()) {
    const before = made.length;
    try {
      store.together(() => {
        if (store.runs.newest() !== newest) [left, next] = [choose(made), 0];
        for (const hasTime = beginTurn(); next < left.length && hasTime(); next++) {
          requireTrainable(left[next]);
          make(left[next]);
        }
        newest = store.runs.newest();
      });
    } catch (error) {
      removeFolders(made.splice(before));
      await unmake().catch(() => {}); // the first error says more
      throw error;
    }
  }
  return made;

  /** Removes the runs that were made. Those that the store does not let go stay queued and whole. */
  async function unmake(): Promise<void> {
    while (made.length > 0) {
      const removed: NewRun[] = [];
      store.together(() => {
        for (const hasTime = beginTurn(); removed.length < made.length && hasTime(); ) {
          const run = made[removed.length];
          store.runs.remove(run.id);
          removed.push(run);
        }
      });
      removeFolders(made.splice(0, removed.length));
      await breathe();
    }
  }

  function removeFolders(runs: readonly NewRun[]): void {
    for (const { id } of runs) rmSync(join(runsFolder, id), { recursive: true, force: true });
  }
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
