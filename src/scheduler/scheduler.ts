/**
 * Starts one trainer process per slot, commits what it reports, and settles what is left when it ends.
 * The only writer of run states; several apps may have the same store open, each with its own trainers.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { QueueState } from '#contract/machine';
import { type JournalEntry, journalEntry, type Run, restingStates, type TrainerCommand } from '#contract/run';
import { readJournal } from '#store/journal';
import type { Store } from '#store/store';
import { isAlive, isTraining } from './liveness.ts';
import { nextJobs } from './queue.ts';

export interface SchedulerOptions {
  store: Store;
  /** The Permafrost home; run folders are in `runs/`. */
  home: string;
  /** Trainers at once. */
  slots: number;
  /** The program that trains a run folder. */
  trainer: string;
  /** The Node that runs it; this process's own by default, which will not do inside Electron. */
  node?: string;
  /** What trainers find in their environment; this process's own by default. */
  environment?: NodeJS.ProcessEnv;
}

/** Told of every committed entry, and of state changes that have no entry. */
export type Listener = (run: string, entry: JournalEntry | null) => void;

/** A trainer that was asked to end has so long before it is ended. */
const patience = 60_000;
/** How often a trainer that outlives its app is looked after, in ms. */
const lookPause = 2000;

export function createScheduler({ store, home, slots, trainer, node, environment = process.env }: SchedulerOptions) {
  const children = new Map<string, ChildProcess>();
  const listeners = new Set<Listener>();
  const mine = new Set<string>();
  const waiting = new Set<() => void>();
  const folderOf = (id: string): string => join(home, 'runs', id);
  let paused = false;
  let adoptsAll = false;
  let look: ReturnType<typeof setTimeout> | undefined;
  const queued = (): string[] => {
    const queue = store.runs.queue().map(({ id }) => id);
    return queue.filter((id) => mine.has(id));
  };

  const tell = (id: string, entry: JournalEntry | null) => {
    for (const listener of listeners) listener(id, entry);
  };
  function commit(id: string, entries: readonly JournalEntry[]): void {
    for (const entry of store.apply(id, entries)) tell(id, entry);
  }

  function fill(): void {
    if (!paused) for (const id of nextJobs(queued(), children.size, slots)) if (store.runs.claim(id)) start(id);
    if (children.size > 0 || queued().length > 0) return;
    for (const resolve of waiting) resolve();
    waiting.clear();
  }

  function start(id: string): void {
    const folder = folderOf(id);
    const log = openSync(join(folder, 'trainer.log'), 'a');
    const threads = Math.max(1, Math.floor(availableParallelism() / slots));
    const child = fork(trainer, [folder], {
      execPath: node,
      env: { ...environment, PERMAFROST_HOME: home, PERMAFROST_THREADS: String(threads) },
      stdio: ['ignore', log, log, 'ipc'],
      detached: process.platform !== 'win32', // a terminal's Ctrl-C is for us to hear, even before a trainer is up
    });
    closeSync(log);
    children.set(id, child);
    if (child.pid !== undefined) store.runs.setPid(id, child.pid);
    tell(id, null);
    child.on('message', (message) => {
      const parsed = journalEntry.safeParse(message);
      if (parsed.success) commit(id, [parsed.data]);
    });
    child.once('error', () => {}); // 'exit' follows, or the process never began
    child.once('close', (code, signal) => {
      children.delete(id);
      settle(id, signal ? `signal ${signal}` : `exit code ${code}`);
      tell(id, null); // its slot is free, whatever its journal said before
      fill();
    });
  }

  /** Brings a run that nobody trains any more to rest: by its journal, or as crashed. */
  function settle(id: string, how: string, code: 'crashed' | 'interrupted' = 'crashed'): void {
    commit(id, readJournal(folderOf(id)));
    if (store.runs.get(id).state !== 'running') return;
    const words = lastWords(folderOf(id));
    const message = `The trainer ended without a word (${how})${words ? `: ${words}` : '.'} Resume the run to go on from its last checkpoint.`;
    store.runs.settle(id, 'crashed', { code, message }, Date.now());
    tell(id, null);
  }

  const trains = (id: string): boolean => isTraining(store.runs.pid(id), folderOf(id));
  const belongsToOther = (id: string): boolean => {
    const owner = store.runs.owner(id);
    return owner !== process.pid && isAlive(owner); // a process of our number was there before us
  };

  /** Settles runs whose app is gone as soon as their trainers end, which may take a step; they go on where the rest that it left does. */
  function lookAfter(ids: readonly string[]): void {
    if (ids.length === 0) return;
    look = setTimeout(() => {
      const ended = ids.filter((id) => !trains(id));
      for (const id of ended) settle(id, 'the app ended too', 'interrupted');
      if (ended.length > 0 && adoptsAll) adopt(ended);
      lookAfter(ids.filter((id) => !ended.includes(id)));
    }, lookPause).unref();
  }

  function adopt(only?: readonly string[]): void {
    const wanted = (id: string) => !only || only.includes(id);
    const interrupted = store.runs.interrupted().filter(wanted);
    const left = store.runs.queue().filter(({ id, owner }) => wanted(id) && !mine.has(id) && !isAlive(owner));
    for (const id of [...interrupted, ...left.map(({ id }) => id)]) {
      mine.add(id);
      store.runs.enqueue(id, process.pid);
      tell(id, null);
    }
    store.runs.order([...interrupted, ...queued().filter((id) => !interrupted.includes(id))]);
    fill();
  }

  return {
    /** Settles runs whose trainer died with its app, and looks after trainers that outlive theirs. Runs of other live apps are left alone. */
    recover(): void {
      const others = store.runs.inState('running').flatMap(({ id }) => (children.has(id) ? [] : [id]));
      const alive = others.filter(trains);
      for (const id of others) if (!alive.includes(id)) settle(id, 'the app ended too', 'interrupted');
      lookAfter(alive.filter((id) => !belongsToOther(id)));
    },
    /** Queues a run and starts it when a slot is free. */
    enqueue(id: string): void {
      mine.add(id);
      store.runs.enqueue(id, process.pid);
      tell(id, null);
      fill();
    },
    /** Asks a run to end at its next checkpoint; a queued one is taken from the queue at once. */
    end(id: string, kind: TrainerCommand['kind']): void {
      const child = children.get(id);
      if (child) {
        child.send({ kind } satisfies TrainerCommand, () => {});
        setTimeout(() => child.kill('SIGKILL'), patience).unref();
        return;
      }
      const { state } = store.runs.get(id);
      if (state === 'running')
        throw new PermafrostError(
          'conflict',
          `${id} belongs to another Permafrost; ask it there, or wait for its end.`,
        );
      if (state !== 'queued') return;
      store.runs.settle(id, kind === 'pause' ? 'paused' : 'stopped', null, Date.now());
      tell(id, null);
      fill();
    },
    /** Tells listeners that something about a run is different. */
    changed: (id: string): void => tell(id, null),
    /** A run was deleted. */
    forget(id: string): void {
      mine.delete(id);
      tell(id, null);
    },
    queue: (): QueueState => ({ paused, slots, queued: queued(), running: [...children.keys()] }),
    /** Puts a queued run at a place of the queue, from 0; a run that is not queued is left alone. */
    move(id: string, place: number): void {
      const order = queued();
      if (!order.includes(id)) return;
      store.runs.order(order.filter((other) => other !== id).toSpliced(place, 0, id));
      tell(id, null);
    },
    /** While paused no queued run starts. */
    pause(on: boolean): void {
      paused = on;
      fill();
    },
    setSlots(count: number): void {
      slots = count;
      fill();
    },
    /** Takes over what an app left that is gone: the runs that it trained, which go first, and its queue. With `only`, of those. */
    adopt(only?: readonly string[]): void {
      adoptsAll ||= !only;
      adopt(only);
    },
    subscribe(listener: Listener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Resolves when no run of this app is queued or running. */
    idle: (): Promise<void> =>
      new Promise((resolve) => {
        waiting.add(resolve);
        fill();
      }),
    /** Pauses everything that this app runs and waits for it. */
    async close(): Promise<void> {
      clearTimeout(look);
      for (const id of mine)
        if (!restingStates.includes(store.runs.get(id).state as Run['state'])) this.end(id, 'pause');
      await this.idle();
    },
  };
}

/** The end of what a trainer printed. */
function lastWords(folder: string): string {
  try {
    return readFileSync(join(folder, 'trainer.log'), 'utf8').trim().split('\n').slice(-3).join(' ').slice(-400);
  } catch {
    return '';
  }
}
