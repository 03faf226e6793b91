/** Downloads that continue after the request that started them has ended. They can be paused, and subscribers see their progress. */
import { describeError } from '#contract/errors';
import type { PullOf } from '#contract/zoo';

export interface PullControls<P> {
  /** Aborting it pauses the download. */
  signal: AbortSignal;
  onProgress(progress: P): void;
}

export interface Pull<P, R> {
  state: PullOf<P>;
  stop: AbortController;
  done: Promise<R>;
}

export function createPulls<P, R>() {
  const pulls = new Map<string, Pull<P, R>>();
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const isRunning = (name: string): boolean => pulls.get(name)?.state.state === 'running';

  function start(name: string, work: (controls: PullControls<P>) => Promise<R>): Pull<P, R> {
    const stop = new AbortController();
    const state: PullOf<P> = { name, state: 'running', progress: null, error: null };
    const onProgress = (progress: P) => {
      state.progress = progress;
      tell();
    };
    const run = async () => {
      try {
        const result = await work({ signal: stop.signal, onProgress });
        state.state = 'done';
        return result;
      } catch (error) {
        state.state = stop.signal.aborted ? 'paused' : 'failed';
        state.error = stop.signal.aborted ? null : describeError(error);
        throw error;
      } finally {
        tell();
      }
    };
    const pull = { state, stop, done: run() };
    pull.done.catch(() => {}); // avoids an unhandled rejection if no caller awaits it
    pulls.delete(name); // so that the newest is last
    pulls.set(name, pull);
    tell();
    return pull;
  }

  return {
    isRunning,
    /** The running download of that name, or a new one. */
    begin: (name: string, work: (controls: PullControls<P>) => Promise<R>): Pull<P, R> =>
      isRunning(name) ? pulls.get(name)! : start(name, work),
    pause: (name: string): void => pulls.get(name)?.stop.abort(),
    /** Aborts the download, waits for its end and removes it from the list. */
    async forget(name: string): Promise<void> {
      const pull = pulls.get(name);
      pull?.stop.abort();
      await pull?.done.catch(() => {}); // the error is in its state
      pulls.delete(name);
    },
    states: (): PullOf<P>[] => [...pulls.values()].map(({ state }) => structuredClone(state)),
    /** Returns a function that unsubscribes. */
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell,
    async close(): Promise<void> {
      for (const { stop } of pulls.values()) stop.abort();
      await Promise.allSettled([...pulls.values()].map(({ done }) => done));
    },
  };
}
