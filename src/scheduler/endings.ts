/** Ends runs before they are done: those of this app, those that another app trains on this machine, and those of dead apps. */
import { PermafrostError } from '#contract/errors';
import { isInterrupted, isOver, type TrainerCommand } from '#contract/run';
import type { Store } from '#store/store';
import type { Owners } from './owners.ts';
import type { Trainers } from './trainers.ts';

export interface EndingsOptions {
  store: Store;
  owners: Owners;
  trainers: Trainers;
  folderOf(id: string): string;
  /** Whether this app has the run in its queue. */
  isQueuedHere(id: string): boolean;
  /** Makes a run of a dead app one of this app, with its job on the cluster. */
  takeIn(id: string): void;
  /** Polls the run of a dead app until its trainer has exited, too. */
  watch(id: string): void;
  /** A run has left the queue. */
  onFree(): void;
}

type Kind = TrainerCommand['kind'];

export function createEndings(options: EndingsOptions) {
  const { store, owners, trainers, folderOf, isQueuedHere, takeIn, watch, onFree } = options;
  /** What was asked of runs whose app is dead, until this app can ask it. */
  const asked = new Map<string, Kind>();

  /**
   * Asks a run to end at its next checkpoint; removes a queued run from the queue at once. An interrupted run stays at its last
   * checkpoint, and no app resumes it. Throws `conflict` for a run that a live app trains elsewhere or has handed to the cluster.
   */
  function end(id: string, kind: Kind): void {
    if (trainers.has(id)) {
      trainers.ask(id, kind);
      return;
    }
    const run = store.runs.get(id);
    if (isOver(run)) return;
    const app = store.runs.app(id);
    const mayHaveJob = store.runs.launcher(id) !== 'local' && (!isQueuedHere(id) || asked.has(id));
    if (!mayHaveJob && (run.state === 'queued' || isInterrupted(run))) {
      trainers.rest(id, kind === 'pause' ? 'paused' : 'stopped', null);
      onFree();
    } else if (asked.has(id) || owners.app(app) === 'dead') endLeft(id, kind, mayHaveJob);
    else if (!owners.askTrainer(folderOf(id), { kind })) {
      const owner = owners.text(app);
      throw new PermafrostError('conflict', `${id} is ${run.state} in ${owner}. Use that app, or wait until it exits.`);
    }
  }

  /** Ends a run of a dead app: takes its job over first, or waits until its trainer has exited. */
  function endLeft(id: string, kind: Kind, mayHaveJob: boolean): void {
    asked.set(id, kind);
    if (mayHaveJob) takeIn(id);
    else {
      owners.askTrainer(folderOf(id), { kind });
      watch(id);
    }
  }

  return {
    end,
    /** Ends a run that is no longer that of a dead app, if that was asked of it before. */
    endAsAsked(id: string): void {
      const kind = asked.get(id);
      if (kind && asked.delete(id)) end(id, kind);
    },
  };
}
