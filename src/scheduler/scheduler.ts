/**
 * Starts one trainer process per slot, commits its entries, and settles its run when it exits.
 * The only writer of run states; several apps may have the same store open, each with its own trainers.
 *
 * The journals of the run folders are the truth and the store is their index: an update that the store refuses (a full disk, a
 * lock) is a debt, and is retried from the journal until the store accepts it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { describeError, PermafrostError } from '#contract/errors';
import type { QueueServices } from '#contract/queue';
import {
  type JournalEntry,
  journalEntry,
  type Run,
  restingStates,
  type TrainerCommand,
  trainerHeard,
} from '#contract/run';
import type { RunListener } from '#contract/runServices';
import { dropDeadLease } from '#disk/lease';
import { diskError, isRefusal, passes } from '#disk/troubles';
import { changedField, readRunConfig } from '#runFolder/config';
import { inStretches, readEntries } from '#runFolder/journal';
import { printedTail } from '#runFolder/log';
import { runFiles } from '#runFolder/paths';
import type { Store } from '#store/store';
import { openOwners } from './owners.ts';
import { nextJobs } from './queue.ts';

export interface SchedulerOptions {
  store: Store;
  /** The Permafrost home; run folders are in `runs/`. */
  home: string;
  /** Trainers at once. */
  slots: number;
  /** The program that trains a run folder. */
  trainer: string;
  /** The Node executable that runs it; by default this process's own, which does not work inside Electron. */
  node?: string;
  /** The trainers' environment; by default this process's own. */
  environment?: NodeJS.ProcessEnv;
  /** Called with the error while the store refuses updates, and with null when it has accepted all of them. */
  onTrouble?(message: string | null): void;
}

/** Milliseconds that an exiting app waits for a trainer to acknowledge its pause; afterwards the trainer pauses on its own. */
const hearingTime = 60_000;
/** Milliseconds of refusals by the store before the trouble is reported. */
const patience = 1500;
/** Milliseconds after which a second stop request kills the trainer. */
const stopPatience = 30_000;
/** Seconds that a trainer waits for its predecessor to exit, whose app may have just died. */
const windingDown = '60';
/** Milliseconds between checks of other apps' runs and between retries of refused updates. */
const lookPause = 1000;

export type Scheduler = ReturnType<typeof createScheduler>;

export function createScheduler(options: SchedulerOptions) {
  const { store, home, trainer, node, environment = process.env, onTrouble = () => {} } = options;
  let { slots } = options;
  const owners = openOwners(home);
  const children = new Map<string, ChildProcess>();
  const asked = new Map<string, { kind: TrainerCommand['kind']; at: number; heard: boolean }>();
  const listeners = new Set<RunListener>();
  const mine = new Set<string>();
  /** Runs of other apps, alive or dead, which are polled until they rest. */
  const watched = new Set<string>();
  /** Watched runs that a caller here waits for: they continue here when their app is dead. */
  const awaited = new Set<string>();
  /** Awaited runs whose app may be alive; they are left to it if it is. */
  const unsure = new Set<string>();
  /** Updates that the store has not accepted yet, by run, and whether a retry is under way. */
  const owed = new Map<string, { work: () => Promise<void>; isTried: boolean }>();
  /** Runs that sent an entry while an update was owed. */
  const missed = new Set<string>();
  const idlers = new Set<() => void>();
  const folderOf = (id: string): string => join(home, 'runs', id);
  let [paused, adoptsAll, closing] = [false, false, false];
  let trouble: string | null = null;
  let refusedSince: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const queued = (): string[] => {
    const queue = store.runs.queue().map(({ id }) => id);
    return queue.filter((id) => mine.has(id));
  };

  function tell(id: string, entry: JournalEntry | null): void {
    for (const listener of listeners) {
      try {
        listener(id, entry);
      } catch (error) {
        console.error(error); // a failing listener must not stop the trainers
      }
    }
  }

  function report(error: unknown): void {
    refusedSince ??= performance.now();
    if (passes(error) && performance.now() - refusedSince < patience) return; // two apps may write at once
    const { code, message } = describeError(error);
    if (code === 'internal') console.error(error);
    if (message === trouble) return;
    trouble = message;
    onTrouble(message);
  }
  function recovered(): void {
    if (owed.size > 0) return;
    refusedSince = null;
    if (trouble === null) return;
    trouble = null;
    onTrouble(null);
  }

  /** Schedules the next look; keeps the process alive while a caller waits for its outcome. */
  function lookLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      look();
    }, lookPause);
    if (owed.size + awaited.size + idlers.size > 0) timer.ref();
    else timer.unref();
  }

  /** Updates the store for a run, now or when it accepts the update. */
  function owe(id: string, work: () => Promise<void>): void {
    owed.set(id, { work, isTried: false });
    void pay(id);
  }
  async function pay(id: string): Promise<void> {
    const debt = owed.get(id);
    if (!debt || debt.isTried) return;
    debt.isTried = true;
    let isPaid = true;
    try {
      do {
        missed.delete(id);
        await debt.work();
      } while (missed.has(id));
    } catch (error) {
      report(error);
      isPaid = !isRefusal((error as Error).cause ?? error); // retrying does not fix a bug
    }
    debt.isTried = false;
    if (isPaid && owed.get(id) === debt) owed.delete(id);
    if (isPaid) recovered();
    else lookLater();
    fill();
  }

  /** Applies the journal entries of a run that the store lacks. */
  async function catchUp(id: string): Promise<void> {
    const entries = readEntries(runFiles(folderOf(id)).journal, { after: store.runs.seq(id) });
    for (const stretch of inStretches(entries)) {
      for (const entry of store.hurried(() => store.apply(id, stretch))) tell(id, entry);
      await breathe();
    }
  }

  /** Commits an entry that has just been sent. */
  function commit(id: string, entry: JournalEntry): void {
    if (owed.has(id)) return void missed.add(id);
    try {
      if (entry.seq > store.runs.seq(id) + 1) owe(id, () => catchUp(id));
      else for (const fresh of store.hurried(() => store.apply(id, [entry]))) tell(id, fresh);
    } catch (error) {
      report(error);
      owe(id, () => catchUp(id));
    }
  }

  function fill(): void {
    try {
      if (!closing) {
        for (const id of paused ? [] : nextJobs(queued(), children.size, slots)) claim(id);
        recovered();
        if (children.size + owed.size + awaited.size + queued().length > 0) return;
      }
    } catch (error) {
      report(error);
      lookLater();
      return;
    }
    // an exiting app leaves refused updates to the next one
    if (children.size > 0 || (owed.size > 0 && trouble === null)) return;
    for (const resolve of idlers) resolve();
    idlers.clear();
  }

  /** Starts a run of the queue, unless another app was faster. */
  function claim(id: string): void {
    if (store.hurried(() => store.runs.claim(id))) {
      start(id);
      return;
    }
    mine.delete(id);
    watched.add(id);
    if (!adoptsAll) awaited.add(id);
    lookLater();
  }

  function start(id: string): void {
    const folder = folderOf(id);
    try {
      checkConfig(id);
      dropDeadLease(runFiles(folder).lease);
      const log = openLog(runFiles(folder).log);
      const threads = Math.max(1, Math.floor(availableParallelism() / slots));
      const child = fork(trainer, [folder], {
        execPath: node,
        env: {
          ...environment,
          PERMAFROST_HOME: home,
          PERMAFROST_THREADS: String(threads),
          PERMAFROST_WAIT: windingDown,
          PERMAFROST_SEEN: String(store.runs.seq(id) || ''),
        },
        stdio: ['ignore', log, log, 'ipc'],
        detached: process.platform !== 'win32', // Ctrl-C in a terminal goes to this process alone, even before a trainer is up
      });
      if (log !== 'ignore') closeSync(log);
      follow(id, child);
    } catch (cause) {
      const error = diskError(runFiles(folder).log, cause);
      const { code, message } = describeError(error);
      owe(id, async () => store.hurried(() => rest(id, code === 'config' ? 'failed' : 'crashed', { code, message })));
    }
    tell(id, null);
  }

  /** Opens the log. A full disk does not prevent the start: the trainer waits for space itself. */
  function openLog(path: string): number | 'ignore' {
    try {
      return openSync(path, 'a');
    } catch (error) {
      if (!passes(error)) throw error;
      return 'ignore';
    }
  }

  /** Throws `config` when the folder's config differs from the store's. */
  function checkConfig(id: string): void {
    const { config } = readRunConfig(folderOf(id));
    const field = changedField(config, store.runs.get(id).config);
    if (field)
      throw new PermafrostError(
        'config',
        `${field} was changed in ${runFiles(folderOf(id)).config} after the run was made. Undo that, or start a new run.`,
      );
  }

  function follow(id: string, child: ChildProcess): void {
    children.set(id, child);
    child.on('message', (message) => {
      const entry = journalEntry.safeParse(message);
      if (entry.success) commit(id, entry.data);
      const heard = asked.get(id);
      if (heard && trainerHeard.safeParse(message).success) heard.heard = true;
    });
    child.once('close', (code, signal) => ended(signal ? `signal ${signal}` : `exit code ${code}`, code === 0));
    child.once('error', (error) => child.pid === undefined && ended(error.message, false)); // it never began
    const ended = (how: string, obeyed: boolean) => {
      if (children.get(id) !== child) return;
      children.delete(id);
      const kind = obeyed ? asked.get(id)?.kind : undefined;
      asked.delete(id);
      owe(id, async () => {
        if (owners.isMe(store.runs.app(id))) await settle(id, how, 'crashed', kind);
        else leave(id);
      });
      tell(id, null); // its slot is free, whatever its journal said before
      fill();
    };
  }

  /** Leaves a run to the app that took it over while this one was asleep or cut off. */
  function leave(id: string): void {
    mine.delete(id);
    watched.add(id);
    lookLater();
  }

  /** Gives a run without a trainer its final state: from its journal, from the command it obeyed before its first entry, or crashed. */
  async function settle(
    id: string,
    how: string,
    code: 'crashed' | 'interrupted',
    obeyed?: TrainerCommand['kind'],
  ): Promise<void> {
    await catchUp(id);
    if (!store.runs.has(id) || store.runs.get(id).state !== 'running') return;
    if (obeyed) return store.hurried(() => rest(id, obeyed === 'pause' ? 'paused' : 'stopped', null));
    const words = printedTail(runFiles(folderOf(id)).log, 4000)
      .trim()
      .split('\n')
      .slice(-3)
      .join(' ')
      .slice(-400);
    const message = `The trainer exited unexpectedly (${how})${words ? `: ${words}` : '.'} Resume the run to continue from its last checkpoint.`;
    store.hurried(() => rest(id, 'crashed', { code, message }));
  }

  function rest(id: string, state: Run['state'], reason: Run['reason']): void {
    store.runs.settle(id, state, reason, Date.now());
    tell(id, null);
  }

  /** Polls the runs of other apps and retries refused updates. */
  function look(): void {
    for (const id of owed.keys()) void pay(id);
    try {
      for (const id of watched) lookAt(id);
    } catch (error) {
      report(error);
    }
    fill();
    if (watched.size > 0) lookLater();
  }

  function lookAt(id: string): void {
    if (!store.runs.has(id)) {
      watched.delete(id); // another app deleted it
      awaited.delete(id);
      return;
    }
    const { state } = store.runs.get(id);
    const app = owners.app(store.runs.app(id));
    if (state === 'running') {
      if (app === 'alive' && unsure.delete(id)) awaited.delete(id);
      if (owners.trainer(folderOf(id)) !== 'dead' || app !== 'dead') tell(id, null);
      else if (!owed.has(id)) owe(id, () => settle(id, 'the app ended too', 'interrupted'));
      return;
    }
    if (state === 'queued' && app === 'alive' && unsure.delete(id)) awaited.delete(id);
    if (state === 'queued' && app !== 'dead') return;
    unsure.delete(id);
    watched.delete(id);
    const isLeft = state === 'queued' || store.runs.interrupted().includes(id);
    const goesOn = isLeft && (awaited.has(id) || adoptsAll);
    awaited.delete(id);
    if (goesOn) takeIn([id]);
    tell(id, null);
  }

  /** Queues runs in this app, `first` before all others; runs that another app took meanwhile stay there. */
  function takeIn(first: readonly string[], rest: readonly string[] = []): void {
    if (first.length + rest.length === 0) return;
    const taken = store.together(() => {
      const free = put([...first, ...rest]);
      const front = first.filter((id) => free.includes(id));
      store.runs.order([...new Set([...front, ...queued(), ...free])]);
      return free;
    });
    announce(taken);
    fill();
  }

  function enqueue(ids: readonly string[]): void {
    announce(store.together(() => put(ids)));
  }

  /** Appends the free ones of the runs to this app's queue; call inside a transaction. */
  function put(ids: readonly string[]): string[] {
    const me = owners.me();
    const free = ids.filter((id) => {
      const { state } = store.runs.get(id);
      return state === 'queued' ? owners.app(store.runs.app(id)) === 'dead' : restingStates.includes(state);
    });
    for (const id of free) store.runs.enqueue(id, me);
    return free;
  }

  function announce(taken: readonly string[]): void {
    for (const id of taken) {
      mine.add(id);
      watched.delete(id);
      tell(id, null);
    }
  }

  /** Takes this app's lease even without runs, so that other apps see it. */
  function appear(): void {
    try {
      owners.me();
    } catch (error) {
      report(error); // the first run asks for it again
    }
  }

  function adopt(only?: readonly string[]): void {
    const wanted = (id: string) => !only || only.includes(id);
    const interrupted = store.runs.interrupted().filter(wanted);
    const others = store.runs.queue().filter(({ id }) => wanted(id) && !mine.has(id));
    const left = others.filter(({ app }) => owners.app(app) === 'dead');
    takeIn(
      interrupted,
      left.map(({ id }) => id),
    );
    const running = store.runs.inState('running').flatMap(({ id }) => (wanted(id) && !children.has(id) ? [id] : []));
    for (const id of [...running, ...others.flatMap(({ id }) => (mine.has(id) ? [] : [id]))]) {
      watched.add(id);
      if (only) awaited.add(id);
    }
    if (watched.size > 0) look();
  }

  const queue: QueueServices = {
    get: () => ({ paused, slots, queued: queued(), running: [...children.keys()], trouble }),
    move(id, place) {
      const order = queued();
      if (!order.includes(id)) return;
      store.runs.order(order.filter((other) => other !== id).toSpliced(place, 0, id));
      tell(id, null);
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      fill();
    },
    setSlots(count) {
      slots = count;
      fill();
    },
    adoptOrphans() {
      adoptsAll = true;
      appear();
      adopt();
    },
    whenIdle: () =>
      new Promise((resolve) => {
        idlers.add(resolve);
        fill();
      }),
  };

  return {
    /** Settles runs whose app and trainer died, and polls trainers that outlive their app. Runs of live apps are left alone. */
    recover(): void {
      owners.sweep();
      for (const { id } of store.runs.inState('running')) if (!children.has(id)) watched.add(id);
      if (watched.size > 0) look();
    },
    /** Queues runs and starts them when a slot is free. */
    enqueue(ids: readonly string[]): void {
      enqueue(ids);
      fill();
    },
    /** The name by which other apps know this one. Throws `disk`. */
    appName: owners.me,
    /**
     * Brings runs to their end: queues those that rest, and waits for those of other apps. Another app may be called with the
     * same runs at the same moment. Finished and failed runs are left alone.
     */
    complete(ids: readonly string[]): void {
      const isOver = (id: string) => ['finished', 'failed'].includes(store.runs.get(id).state);
      const left = ids.filter((id) => !isOver(id));
      adopt(left); // first the runs of dead apps, then those that rest
      enqueue(left.filter((id) => !isOver(id) && restingStates.includes(store.runs.get(id).state)));
      adopt(left.filter((id) => !owners.isMe(store.runs.app(id)))); // another app was faster
      fill();
    },
    /** Starts runs that this app has added to the store as queued, when a slot is free. */
    startQueued(ids: readonly string[]): void {
      announce(ids);
      fill();
    },
    /** Asks a run to end at its next checkpoint; a queued one is taken from the queue at once. */
    end(id: string, kind: TrainerCommand['kind']): void {
      const child = children.get(id);
      if (child) {
        const before = asked.get(id);
        if (kind === 'stop' && before?.kind === 'stop' && performance.now() - before.at > stopPatience)
          return void child.kill('SIGKILL');
        if (before?.kind !== kind) asked.set(id, { kind, at: performance.now(), heard: false });
        child.send({ kind } satisfies TrainerCommand, () => {});
        return;
      }
      if (awaited.delete(id)) {
        watched.delete(id);
        fill();
        return;
      }
      const { state } = store.runs.get(id);
      if (state === 'running') throw belongsElsewhere(id);
      if (state !== 'queued') return;
      rest(id, kind === 'pause' ? 'paused' : 'stopped', null);
      fill();
    },
    /** Whether a run is under way or queued here. */
    isMine: (id: string): boolean => children.has(id) || owners.isMe(store.runs.app(id)),
    /** Description of another live app that runs or queues the run; null if none does. */
    otherOwner(id: string): string | null {
      const app = store.runs.app(id);
      const isOther = !owners.isMe(app) && !restingStates.includes(store.runs.get(id).state);
      return isOther && owners.app(app) === 'alive' ? owners.text(app) : null;
    },
    /** Whether a trainer has the run, or may have it. */
    isTrained: (id: string): boolean => children.has(id) || owners.trainer(folderOf(id)) !== 'dead',
    /** Tells listeners that something about a run is different. */
    changed: (id: string): void => tell(id, null),
    /** A run was deleted. */
    forget(id: string): void {
      mine.delete(id);
      tell(id, null);
    },
    queue,
    /** Takes over a run whose app seems dead; an app that turns out to be alive keeps it. */
    takeOver(id: string): void {
      unsure.add(id);
      adopt([id]);
    },
    subscribe(listener: RunListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Pauses everything that this app runs and waits for it. */
    async close(): Promise<void> {
      adoptsAll = false;
      awaited.clear();
      for (const id of mine) this.pauseAtEnd(id);
      closing = true;
      const leave = setInterval(() => {
        for (const [id, child] of children) {
          const last = asked.get(id);
          if (!last || last.heard || performance.now() - last.at < hearingTime) continue;
          children.delete(id);
          child.disconnect();
          child.unref();
        }
        fill();
      }, lookPause);
      await queue.whenIdle();
      clearInterval(leave);
      clearTimeout(timer);
      watched.clear();
      owners.close();
    },
    /** Pauses a run because this app exits. */
    pauseAtEnd(id: string): void {
      try {
        if (children.has(id) || !restingStates.includes(store.runs.get(id).state)) this.end(id, 'pause');
      } catch (error) {
        report(error); // the next app takes over what stays queued
      }
    },
  };

  function belongsElsewhere(id: string): PermafrostError {
    const owner = owners.text(store.runs.app(id));
    return new PermafrostError('conflict', `${id} belongs to ${owner}. Use that app, or wait until it exits.`);
  }
}
