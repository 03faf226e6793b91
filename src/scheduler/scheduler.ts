/**
 * Starts a trainer in each free slot, commits its journal entries to the store, and sets the final state of its run when it exits.
 * Only this file writes run states. Several apps may use the same store, each with its own trainers.
 */
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { LauncherName } from '#contract/cluster';
import type { QueueServices } from '#contract/queue';
import { type JournalEntry, restingStates, type TrainerCommand } from '#contract/run';
import type { RunListener } from '#contract/runServices';
import { inTurns } from '#disk/turns';
import { runFiles } from '#runFolder/paths';
import type { Store } from '#store/store';
import { createEndings } from './endings.ts';
import { graphicsCardOf } from './graphicsCard.ts';
import type { Launch } from './launch.ts';
import { watchOtherApps } from './otherApps.ts';
import { openOwners } from './owners.ts';
import { createStoreWriter } from './storeWriter.ts';
import { createTrainers } from './trainers.ts';

export interface SchedulerOptions {
  store: Store;
  /** The Permafrost home; run folders are in `runs/`. */
  home: string;
  /** How many trainers may run at once on this machine. */
  slots: number;
  launchers: Readonly<Record<LauncherName, Launch>>;
  /** Called with the error while the store refuses updates, and with null when it has accepted all of them. */
  onTrouble?(message: string | null): void;
}

export type Scheduler = ReturnType<typeof createScheduler>;

/** Milliseconds between checks of other apps' runs and between retries of refused updates. */
const lookPause = 1000;

export function createScheduler({ store, home, slots, launchers, onTrouble = () => {} }: SchedulerOptions) {
  const folderOf = (id: string): string => join(home, 'runs', id);
  const owners = openOwners(home);
  /** Runs that this app has queued and that no other app has taken. */
  const mine = new Set<string>();
  /** Graphics cards of runs whose config names one or none; a long queue asks for them often. */
  const cards = new Map<string, number | null>();
  const listeners = new Set<RunListener>();
  const idlers = new Set<() => void>();
  let [isPaused, adoptsAll, isClosing] = [false, false, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Hands runs over to the launcher of the cluster. */
  let handing: Promise<void> | null = null;

  const writer = createStoreWriter({
    store,
    onTrouble,
    journalOf: (id) => runFiles(folderOf(id)).journal,
    onCommit: tell,
    onGathered: (id) => tell(id, null),
    onAttempt() {
      if (writer.count() > 0) lookLater();
      fill();
    },
  });
  const trainers = createTrainers({
    ...{ store, writer, launchers, folderOf, isOurs, tell },
    onGone: fill,
    onLost: (id) => leave(id, 'observe'),
  });
  const others = watchOtherApps({
    store,
    owners,
    folderOf,
    onChange: (id) => tell(id, null),
    onAbandoned(id) {
      if (writer.isOwed(id)) return;
      writer.write(id, async () => {
        await trainers.settle(id, 'the app ended too', 'interrupted');
        endings.endAsAsked(id);
      });
    },
    onFree(id, interest, isLeft) {
      if (isLeft && (interest !== 'observe' || adoptsAll)) store.hurried(() => takeIn([id]));
      tell(id, null);
    },
  });

  const endings = createEndings({
    ...{ store, owners, trainers, folderOf, onFree: fill },
    isQueuedHere: (id) => mine.has(id),
    takeIn: (id) => takeIn([id]),
    watch(id) {
      others.watch(id, 'observe');
      look();
    },
  });

  const waiting = () => store.runs.queue().filter(({ id }) => mine.has(id));
  const queued = (): string[] => waiting().map(({ id }) => id);
  function isOurs(id: string): boolean {
    return owners.isMe(store.runs.app(id));
  }

  function tell(id: string, entry: JournalEntry | null): void {
    for (const listener of listeners) {
      try {
        listener(id, entry);
      } catch (error) {
        console.error(error); // a failing listener must not stop the trainers
      }
    }
  }

  // The queue

  /** Starts queued runs in free slots. Resolves the promises of `whenIdle` if nothing is left to do. */
  function fill(): void {
    try {
      if (!isClosing) {
        if (!isPaused) startWaiting();
        writer.recover();
        if (trainers.count() + writer.count() + queued().length > 0 || others.hasAwaited()) return;
      }
    } catch (error) {
      writer.report(error);
      lookLater();
      return;
    }
    // an exiting app leaves refused updates to the next app
    if (trainers.count() > 0 || (writer.count() > 0 && writer.trouble() === null)) return;
    for (const resolve of idlers) resolve();
    idlers.clear();
  }

  /** Starts local runs while slots are free, and submits all runs for the cluster. */
  function startWaiting(): void {
    const queue = waiting();
    if (queue.length === 0) return;
    const training = trainers.that(({ launcher }) => launcher === 'local');
    const busy = new Set(training.map(cardOf));
    let free = slots - training.length;
    for (const { id } of queue.filter(({ launcher }) => launcher === 'local')) {
      if (free <= 0) break;
      const card = cardOf(id);
      if (card !== null && busy.has(card)) continue; // the runs behind it may compute elsewhere
      busy.add(card);
      claim(id);
      free--;
    }
    if (queue.some(({ launcher }) => launcher !== 'local')) handing ??= breathe().then(handOver);
  }

  /** Hands the runs for the cluster over to their launcher. */
  async function handOver(): Promise<void> {
    try {
      await inTurns(waiting(), ({ id }) => {
        const launcher = store.runs.launcher(id);
        if (launcher === 'local' || isPaused) return;
        if (store.hurried(() => store.runs.submit(id))) {
          trainers.start(id, launcher, slots);
          endings.endAsAsked(id);
        } else if (!isOurs(id)) leave(id, adoptsAll ? 'observe' : 'await');
      });
      handing = null;
      fill();
    } catch (error) {
      handing = null;
      writer.report(error);
      lookLater();
    }
  }

  /** The graphics card of a run. One with device `auto` has none until a session of it has chosen. */
  function cardOf(id: string): number | null {
    const known = cards.get(id);
    if (known !== undefined) return known;
    const { config, device } = store.runs.get(id);
    if (config.device === 'auto') return graphicsCardOf(device ?? config.device);
    cards.set(id, graphicsCardOf(config.device));
    return graphicsCardOf(config.device);
  }

  /** Starts a queued run, unless another app has taken it first. */
  function claim(id: string): void {
    if (store.hurried(() => store.runs.claim(id))) trainers.start(id, 'local', slots);
    else leave(id, adoptsAll ? 'observe' : 'await');
  }

  /** Leaves a run to the app that has taken it. */
  function leave(id: string, interest: 'observe' | 'await'): void {
    mine.delete(id);
    others.watch(id, interest);
    lookLater();
  }

  function enqueue(ids: readonly string[], launcher?: LauncherName): void {
    announce(store.together(() => putInQueue(ids, launcher)));
  }

  /** Queues runs in this app, `first` before all others, except those that another app has taken in the meantime. */
  function takeIn(first: readonly string[], rest: readonly string[] = []): void {
    if (first.length + rest.length === 0) return;
    const taken = store.together(() => {
      const free = putInQueue([...first, ...rest]);
      const front = first.filter((id) => free.includes(id));
      store.runs.order([...new Set([...front, ...queued(), ...free])]);
      return free;
    });
    announce(taken);
    fill();
  }

  /** Appends those runs that no other app owns to this app's queue, and returns them. Call inside a transaction. */
  function putInQueue(ids: readonly string[], launcher?: LauncherName): string[] {
    const me = owners.me();
    const free = ids.filter((id) => {
      if (trainers.has(id) && !trainers.isHere(id)) return false; // the cluster still has its job
      const { state } = store.runs.get(id);
      if (restingStates.includes(state)) return true;
      return owners.app(store.runs.app(id)) === 'dead' && (state === 'queued' || store.runs.launcher(id) !== 'local');
    });
    for (const id of free) store.runs.enqueue(id, me, launcher);
    return free;
  }

  /** Adds runs to those of this app. */
  function announce(ids: readonly string[]): void {
    for (const id of ids) {
      mine.add(id);
      others.forget(id);
      tell(id, null);
    }
  }

  /** Asks a run to end; a run that this app only waits for is let go. See `createEndings`. */
  function end(id: string, kind: TrainerCommand['kind']): void {
    if (!trainers.has(id) && others.isAwaited(id)) {
      others.forget(id);
      fill();
    } else endings.end(id, kind);
  }

  // Other apps

  /** Schedules the next look; keeps the process alive while a caller waits for its outcome. */
  function lookLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      look();
    }, lookPause);
    if (writer.count() + idlers.size > 0 || others.hasAwaited()) timer.ref();
    else timer.unref();
  }

  /** Polls the runs of other apps and retries refused updates. */
  function look(): void {
    writer.retry();
    try {
      others.look();
    } catch (error) {
      writer.report(error);
    }
    fill();
    if (!others.isEmpty()) lookLater();
  }

  /** Takes over the runs of dead apps (all, or only those in `only`), and polls runs whose app may be alive. */
  function adopt(only?: readonly string[], interest: 'await' | 'awaitIfDead' = 'await'): void {
    const wanted = only && new Set(only);
    const isWanted = (id: string) => !wanted || wanted.has(id);
    const interrupted = store.runs.interrupted().filter(isWanted);
    const foreign = [...store.runs.queue(), ...store.runs.submitted()].filter(
      ({ id }) => isWanted(id) && !mine.has(id),
    );
    const left = foreign.filter(({ app }) => owners.app(app) === 'dead');
    takeIn(
      interrupted,
      left.map(({ id }) => id),
    );
    const running = store.runs.inState('running').filter(({ id }) => isWanted(id) && !trainers.has(id));
    const waiting = foreign.filter(({ id }) => !mine.has(id)); // takeIn has taken the others
    for (const { id } of [...running, ...waiting]) others.watch(id, only ? interest : 'observe');
    if (!others.isEmpty()) look();
  }

  const queue: QueueServices = {
    get: () => ({
      ...{ paused: isPaused, slots, queued: queued(), trouble: writer.trouble() },
      running: trainers.that((trainer) => !trainer.isWaiting),
      submitted: trainers.that((trainer) => trainer.isWaiting),
    }),
    move(id, place) {
      const order = queued();
      if (!order.includes(id)) return;
      store.runs.order(order.filter((other) => other !== id).toSpliced(place, 0, id));
      tell(id, null);
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      fill();
    },
    setSlots(count) {
      slots = count;
      fill();
    },
    adoptOrphans() {
      adoptsAll = true;
      try {
        owners.me(); // shows other apps that this one is alive, even without runs
      } catch (error) {
        writer.report(error); // the first run tries again
      }
      adopt();
    },
    leaveCluster() {
      trainers.releaseElsewhere();
      fill();
    },
    whenIdle: () =>
      new Promise((resolve) => {
        idlers.add(resolve);
        fill();
      }),
  };

  return {
    queue,
    end,
    /** The name of this app for other apps. Throws `disk`. */
    appName: owners.me,
    /** Marks runs whose app and trainer have died as crashed, and polls trainers that outlive their app. Ignores runs of live apps. */
    recover(): void {
      owners.sweep();
      for (const { id } of store.runs.inState('running')) if (!trainers.has(id)) others.watch(id, 'observe');
      if (!others.isEmpty()) look();
    },
    /** Queues paused, stopped, failed or crashed runs, for another launcher if one is given, and starts them as slots become free. */
    enqueue(ids: readonly string[], launcher?: LauncherName): void {
      enqueue(ids, launcher);
      fill();
    },
    /** Starts runs that this app has added to the store as queued, as slots become free. */
    startQueued(ids: readonly string[]): void {
      announce(ids);
      fill();
    },
    /**
     * Brings runs to their end: queues paused, stopped and crashed ones, and waits for those of other apps, which may complete the
     * same runs at the same moment. Ignores finished and failed runs.
     */
    complete(ids: readonly string[], launcher?: LauncherName): void {
      const isOver = (id: string) => ['finished', 'failed'].includes(store.runs.get(id).state);
      const left = ids.filter((id) => !isOver(id));
      adopt(left); // first runs of dead apps, then runs that are not active
      enqueue(
        left.filter((id) => !isOver(id) && restingStates.includes(store.runs.get(id).state)),
        launcher,
      );
      adopt(left.filter((id) => !isOurs(id))); // another app was faster
      fill();
    },
    /** Takes over a run whose app seems dead; if the app turns out to be alive, it keeps the run. */
    takeOver: (id: string): void => adopt([id], 'awaitIfDead'),
    /** Whether a run is running or queued here. */
    isMine: (id: string): boolean => trainers.has(id) || isOurs(id),
    /** A description of another live app that trains the run or has it in its queue; null if there is none. */
    otherOwner(id: string): string | null {
      const app = store.runs.app(id);
      const isOther = !owners.isMe(app) && !restingStates.includes(store.runs.get(id).state);
      return isOther && owners.app(app) === 'alive' ? owners.text(app) : null;
    },
    /** Whether a trainer may be training the run. */
    isTrained: (id: string): boolean =>
      trainers.has(id) || store.runs.launcher(id) !== 'local' || owners.trainer(folderOf(id)) !== 'dead',
    /** Where the trainer of a run will start, or last started. */
    launcher: (id: string): LauncherName => store.runs.launcher(id),
    /** Notifies listeners of a change of a run. */
    changed: (id: string): void => tell(id, null),
    /** Removes a deleted run. */
    forget(id: string): void {
      mine.delete(id);
      tell(id, null);
    },
    subscribe(listener: RunListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Pauses the runs of this app and waits for them. */
    async close(): Promise<void> {
      adoptsAll = false;
      others.onlyObserve();
      for (const id of mine) pauseAtExit(id);
      while (handing) await handing;
      trainers.releaseElsewhere();
      isClosing = true;
      const releasing = setInterval(() => {
        trainers.releaseDeaf();
        fill();
      }, lookPause);
      await queue.whenIdle();
      clearInterval(releasing);
      clearTimeout(timer);
      others.clear();
      owners.close();
    },
  };

  function pauseAtExit(id: string): void {
    try {
      if (store.runs.launcher(id) !== 'local') return; // it continues on the cluster
      if (trainers.has(id) || !restingStates.includes(store.runs.get(id).state)) end(id, 'pause');
    } catch (error) {
      writer.report(error); // the next app takes over runs that stay queued
    }
  }
}
