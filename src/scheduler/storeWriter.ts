/**
 * Updates the store for runs. The journals in the run folders are the truth, and the store is an index of them. So an update that
 * the store refuses (full disk, lock) is retried until it succeeds, and missed entries are read from the journal.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { describeError } from '#contract/errors';
import type { JournalEntry } from '#contract/run';
import { isRefusal, isTemporary } from '#disk/troubles';
import { inStretches, readEntries } from '#runFolder/journal';
import type { Store } from '#store/store';

export interface StoreWriterOptions {
  store: Store;
  journalOf(id: string): string;
  /** Called for every committed entry. */
  onCommit(id: string, entry: JournalEntry): void;
  /** Called for every run with a gathered change that was written. */
  onGathered(id: string): void;
  /** Called after every attempt, successful or not. */
  onAttempt(): void;
  /** Called with the error while the store refuses updates, and with null when it has accepted all of them. */
  onTrouble(message: string | null): void;
}

export type StoreWriter = ReturnType<typeof createStoreWriter>;

/** Milliseconds for which the store may refuse updates before the error is reported. */
const patience = 1500;

export function createStoreWriter({
  store,
  journalOf,
  onCommit,
  onGathered,
  onAttempt,
  onTrouble,
}: StoreWriterOptions) {
  /** Updates that the store has not accepted yet, by run. */
  const owed = new Map<string, { work: () => Promise<void>; isTried: boolean }>();
  /** Runs whose trainer sent an entry while an update was owed. */
  const missed = new Set<string>();
  /** Changes for the next transaction, by run. */
  const gathered = new Map<string, () => void>();
  let trouble: string | null = null;
  let refusedSince: number | null = null;

  /** Reports an error of the store, unless it has just been reported. */
  function report(error: unknown): void {
    refusedSince ??= performance.now();
    if (isTemporary(error) && performance.now() - refusedSince < patience) return; // e.g. another app is writing
    const { code, message } = describeError(error);
    if (code === 'internal') console.error(error);
    if (message === trouble) return;
    trouble = message;
    onTrouble(message);
  }

  /** Reports the end of the trouble if no update is owed. Call after the store has accepted an update. */
  function recover(): void {
    if (owed.size > 0) return;
    refusedSince = null;
    if (trouble === null) return;
    trouble = null;
    onTrouble(null);
  }

  /** Updates the store for a run now, or as soon as the store accepts the update. */
  function write(id: string, work: () => Promise<void>): void {
    owed.set(id, { work, isTried: false });
    void tryWrite(id);
  }

  async function tryWrite(id: string): Promise<void> {
    const debt = owed.get(id);
    if (!debt || debt.isTried) return;
    debt.isTried = true;
    let isDone = true;
    try {
      do {
        missed.delete(id);
        await debt.work();
      } while (missed.has(id));
    } catch (error) {
      report(error);
      isDone = !isRefusal((error as Error).cause ?? error); // retrying does not fix a bug
    }
    debt.isTried = false;
    if (isDone && owed.get(id) === debt) owed.delete(id);
    if (isDone) recover();
    onAttempt();
  }

  function makeGathered(): void {
    const changes = [...gathered];
    gathered.clear();
    const makeAll = () => {
      for (const [id, change] of changes) if (!owed.has(id)) change(); // its journal says the same, and more
    };
    try {
      store.hurried(() => store.together(makeAll));
      for (const [id] of changes) onGathered(id);
      recover();
    } catch (error) {
      for (const [id, change] of changes) if (!gathered.has(id)) gathered.set(id, change);
      report(error);
    }
    onAttempt();
  }

  /** Applies the journal entries of a run that the store lacks. */
  async function catchUp(id: string): Promise<void> {
    const entries = readEntries(journalOf(id), { after: store.runs.seq(id) });
    for (const stretch of inStretches(entries)) {
      for (const entry of store.hurried(() => store.apply(id, stretch))) onCommit(id, entry);
      await breathe();
    }
  }

  return {
    write,
    catchUp,
    report,
    recover,
    /** Commits an entry that a trainer has just sent. */
    commit(id: string, entry: JournalEntry): void {
      if (owed.has(id)) return void missed.add(id);
      try {
        if (entry.seq > store.runs.seq(id) + 1) write(id, () => catchUp(id));
        else for (const fresh of store.hurried(() => store.apply(id, [entry]))) onCommit(id, fresh);
      } catch (error) {
        report(error);
        write(id, () => catchUp(id));
      }
    },
    /** Makes a change soon, with those of other runs in one transaction: ten thousand of them block the store for seconds. */
    gather(id: string, change: () => void): void {
      if (gathered.size === 0) setImmediate(makeGathered);
      gathered.set(id, change);
    },
    /** Retries refused updates. */
    retry(): void {
      if (gathered.size > 0) makeGathered();
      for (const id of owed.keys()) void tryWrite(id);
    },
    isOwed: (id: string): boolean => owed.has(id),
    /** The number of updates that the store has not accepted yet. */
    count: (): number => owed.size + gathered.size,
    /** The reported error; null while the store works. */
    trouble: (): string | null => trouble,
  };
}
