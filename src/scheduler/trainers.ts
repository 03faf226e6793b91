/** The trainers of this app: starts them, passes commands on, commits their entries, and settles their runs when they exit. */
import type { LauncherName } from '#contract/cluster';
import { describeError, PermafrostError } from '#contract/errors';
import type { JournalEntry, Run, TrainerCommand } from '#contract/run';
import { dropDeadLease } from '#disk/lease';
import { diskError } from '#disk/troubles';
import { changedField, readRunConfig } from '#runFolder/config';
import { printedTail } from '#runFolder/log';
import { runFiles } from '#runFolder/paths';
import type { Store } from '#store/store';
import type { Launch, Outcome, TrainerHandle } from './launch.ts';
import type { StoreWriter } from './storeWriter.ts';

export interface TrainersOptions {
  store: Store;
  writer: StoreWriter;
  launchers: Readonly<Record<LauncherName, Launch>>;
  folderOf(id: string): string;
  /** Whether this app owns the run. */
  isOurs(id: string): boolean;
  tell(id: string, entry: JournalEntry | null): void;
  /** A trainer is gone, and its slot is free. */
  onGone(): void;
  /** The run of a trainer that is gone belongs to another app. */
  onLost(id: string): void;
}

export interface RunningTrainer {
  launcher: LauncherName;
  /** Whether the cluster has not started it yet. */
  isWaiting: boolean;
  handle: TrainerHandle;
  /** The last command, the time it was sent (ms, monotonic), and whether the trainer has acknowledged it. */
  asked: { kind: TrainerCommand['kind']; at: number; isHeard: boolean } | null;
}

/** How a trainer ended, for runs whose journal does not say it. */
interface TrainerEnd {
  /** The command that the trainer followed. */
  obeyed?: TrainerCommand['kind'];
  otherwise?: Outcome;
  /** Whether it was a job of a cluster. */
  isElsewhere?: boolean;
}

/** Milliseconds that an exiting app waits for a trainer to acknowledge its pause; a trainer without its app also pauses. */
const hearingTime = 60_000;
/** Milliseconds after which a second stop request kills the trainer. */
const stopPatience = 30_000;

export type Trainers = ReturnType<typeof createTrainers>;

export function createTrainers(options: TrainersOptions) {
  const { store, writer, launchers, folderOf, isOurs, tell, onGone, onLost } = options;
  const trainers = new Map<string, RunningTrainer>();
  const isHere = (id: string): boolean => trainers.get(id)?.launcher === 'local';

  /** Stores what the cluster says of a run. */
  function update(id: string, change: () => void): void {
    writer.gather(id, () => {
      if (isOurs(id)) change();
    });
  }

  function ended(id: string, how: string, end: TrainerEnd): void {
    trainers.delete(id);
    writer.write(id, async () => {
      if (isOurs(id)) await settle(id, how, 'crashed', end);
      else onLost(id); // another app took it over while this one was suspended or cut off
    });
    tell(id, null); // even if its journal has reported the end before, the slot is free only now
    onGone();
  }

  /** Gives a run without a trainer its final state: from its journal, from the command it obeyed before its first entry, or crashed. */
  async function settle(
    id: string,
    how: string,
    code: 'crashed' | 'interrupted',
    { obeyed, otherwise, isElsewhere }: TrainerEnd = {},
  ): Promise<void> {
    await writer.catchUp(id);
    if (!store.runs.has(id)) return;
    const run = store.runs.get(id);
    // an interrupted job might have continued by itself, but now it is known to have ended
    const isOpen =
      run.state === 'running' || (isElsewhere && (run.state === 'queued' || run.reason?.code === 'interrupted'));
    if (!isOpen) return;
    if (obeyed) return store.hurried(() => rest(id, obeyed === 'pause' ? 'paused' : 'stopped', null));
    if (otherwise) return store.hurried(() => rest(id, otherwise.state, otherwise.reason));
    const message = crashMessage(how, runFiles(folderOf(id)).log);
    store.hurried(() => rest(id, 'crashed', { code, message }));
  }

  function rest(id: string, state: Run['state'], reason: Run['reason']): void {
    store.runs.settle(id, state, reason, Date.now());
    tell(id, null);
  }

  function release(id: string): void {
    const trainer = trainers.get(id);
    trainers.delete(id);
    trainer?.handle.release();
  }

  return {
    settle,
    /** Gives a run its final state. */
    rest,
    isHere,
    has: (id: string): boolean => trainers.has(id),
    count: (): number => trainers.size,
    /** The runs of the trainers that match. */
    that: (match: (trainer: RunningTrainer) => boolean): string[] =>
      [...trainers].flatMap(([id, trainer]) => (match(trainer) ? [id] : [])),
    /** Starts the trainer of a run; `slots` trainers share this machine. A run that cannot start is settled. */
    start(id: string, launcher: LauncherName, slots: number): void {
      const folder = folderOf(id);
      try {
        requireSameConfig(folder, store.runs.get(id));
        dropDeadLease(runFiles(folder).lease);
        const trainer: RunningTrainer = {
          launcher,
          isWaiting: launcher !== 'local',
          asked: null,
          handle: launchers[launcher](
            { folder, seq: store.runs.seq(id), slots },
            {
              onEntry: (entry) => writer.commit(id, entry),
              onHeard() {
                if (trainer.asked) trainer.asked.isHeard = true;
              },
              onWaiting(why) {
                trainer.isWaiting = true;
                update(id, () => store.runs.wait(id, { code: 'waiting', message: why }));
              },
              onRunning() {
                trainer.isWaiting = false;
                update(id, () => store.runs.begin(id));
              },
              isOurs: () => isOurs(id),
              onEnd(how, obeyed, otherwise) {
                if (trainers.get(id) !== trainer) return;
                ended(id, how, {
                  obeyed: obeyed ? trainer.asked?.kind : undefined,
                  otherwise,
                  isElsewhere: launcher !== 'local',
                });
              },
            },
          ),
        };
        trainers.set(id, trainer);
      } catch (cause) {
        const { code, message } = describeError(diskError(runFiles(folder).log, cause));
        const state = code === 'config' ? 'failed' : 'crashed';
        writer.write(id, async () => store.hurried(() => rest(id, state, { code, message })));
      }
      tell(id, null);
    },
    /** Asks a trainer to end its run at the next checkpoint; a second request to stop kills it after a while. */
    ask(id: string, kind: TrainerCommand['kind']): void {
      const trainer = trainers.get(id)!;
      const { asked, handle } = trainer;
      if (asked?.kind === kind && kind === 'stop' && performance.now() - asked.at > stopPatience) {
        handle.kill();
        return;
      }
      if (asked?.kind !== kind) trainer.asked = { kind, at: performance.now(), isHeard: false };
      handle.send({ kind });
    },
    /** Lets the cluster's trainers go on without this app. */
    releaseElsewhere(): void {
      for (const id of trainers.keys()) if (!isHere(id)) release(id);
    },
    /** Lets trainers go that were asked to end long ago and have not acknowledged it. */
    releaseDeaf(): void {
      for (const [id, { asked }] of trainers)
        if (asked && !asked.isHeard && performance.now() - asked.at >= hearingTime) release(id);
    },
  };
}

/** Throws `config` if the config in the folder differs from that in the store. */
function requireSameConfig(folder: string, run: Run): void {
  const field = changedField(readRunConfig(folder).config, run.config);
  if (field)
    throw new PermafrostError(
      'config',
      `${field} was changed in ${runFiles(folder).config} after the run was made. Undo the change, or start a new run.`,
    );
}

/** The reason of a crash, with the last lines that the trainer printed. */
function crashMessage(how: string, log: string): string {
  const words = printedTail(log, 4000).trim().split('\n').slice(-3).join(' ').slice(-400);
  const end = /[.!?]$/.test(words) ? '' : '.';
  return `The trainer exited unexpectedly (${how})${words && `: ${words}`}${end} Resume the run to continue from its last checkpoint.`;
}
