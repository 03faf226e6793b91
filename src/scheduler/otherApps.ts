/** Polls the runs of other apps, alive or dead, until they rest or go on here. */
import type { Store } from '#store/store';
import type { Owners } from './owners.ts';

/**
 * Why a run is polled. `observe`: its listeners are told of changes. `await`: a caller here waits for its end, so it goes on here when
 * its app is dead. `awaitIfDead`: the same, until its app turns out to be alive and keeps it.
 */
export type Interest = 'observe' | 'await' | 'awaitIfDead';

export interface OtherAppsOptions {
  store: Store;
  owners: Owners;
  folderOf(id: string): string;
  /** Something about a run may have changed. */
  onChange(id: string): void;
  /** The app and the trainer of a running run have exited. */
  onAbandoned(id: string): void;
  /** A run rests or its app is dead; `interest` is why it was polled, and `isLeft` says that its app left it unfinished. */
  onFree(id: string, interest: Interest, isLeft: boolean): void;
}

export function watchOtherApps({ store, owners, folderOf, onChange, onAbandoned, onFree }: OtherAppsOptions) {
  const watched = new Map<string, Interest>();
  const isAwaited = (id: string): boolean => watched.has(id) && watched.get(id) !== 'observe';

  function lookAt(id: string): void {
    if (!store.runs.has(id)) {
      watched.delete(id); // another app deleted it
      return;
    }
    const { state } = store.runs.get(id);
    const app = owners.app(store.runs.app(id));
    const isActive = state === 'running' || state === 'queued';
    if (isActive && app === 'alive' && watched.get(id) === 'awaitIfDead') watched.set(id, 'observe');
    const isLost = app === 'dead' && isActive && store.runs.launcher(id) !== 'local'; // the cluster keeps its job
    if (state === 'running' && !isLost) {
      if (owners.trainer(folderOf(id)) === 'dead' && app === 'dead') onAbandoned(id);
      else onChange(id);
      return;
    }
    if (state === 'queued' && app !== 'dead') return;
    const interest = watched.get(id)!;
    const isLeft = isLost || state === 'queued' || store.runs.interrupted().includes(id);
    watched.delete(id);
    try {
      onFree(id, interest, isLeft);
    } catch (error) {
      watched.set(id, interest); // the store refused the run: it is tried again
      throw error;
    }
  }

  return {
    /** Polls a run; to observe one that is awaited changes nothing. */
    watch(id: string, interest: Interest): void {
      if (interest !== 'observe' || !watched.has(id)) watched.set(id, interest);
    },
    forget: (id: string): boolean => watched.delete(id),
    /** Polls every watched run once. */
    look(): void {
      for (const id of watched.keys()) lookAt(id);
    },
    isAwaited,
    hasAwaited: (): boolean => [...watched.keys()].some(isAwaited),
    isEmpty: (): boolean => watched.size === 0,
    /** Goes on polling, but continues no run here. */
    onlyObserve(): void {
      for (const id of watched.keys()) watched.set(id, 'observe');
    },
    clear: (): void => watched.clear(),
  };
}
