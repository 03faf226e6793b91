/** Polls the runs of other apps, alive or dead, until they end or continue in this app. */
import type { Store } from '#store/store';
import type { Owners } from './owners.ts';

/**
 * Why a run is polled. `observe`: to notify listeners of changes. `await`: a caller in this app waits for its end, so the run
 * continues here if its app is dead. `awaitIfDead`: like `await`, but only observes the run once its app turns out to be alive.
 */
export type Interest = 'observe' | 'await' | 'awaitIfDead';

export interface OtherAppsOptions {
  store: Store;
  owners: Owners;
  folderOf(id: string): string;
  /** A run may have changed. */
  onChange(id: string): void;
  /** The app and the trainer of a run marked as running have exited. */
  onAbandoned(id: string): void;
  /** A run has ended, or its app is dead. `interest` is why it was polled; `isLeft` says that its app left it unfinished. */
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
    const isLost = app === 'dead' && isActive && store.runs.launcher(id) !== 'local'; // the cluster still has its job
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
      watched.set(id, interest); // the next look tries again
      throw error;
    }
  }

  return {
    /** Starts to poll a run. `observe` does not change the interest in a run that is already polled. */
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
    /** Keeps polling, but continues no run in this app. */
    onlyObserve(): void {
      for (const id of watched.keys()) watched.set(id, 'observe');
    },
    clear: (): void => watched.clear(),
  };
}
