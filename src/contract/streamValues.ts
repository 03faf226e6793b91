/** Streams of a value and its changes; slow readers get only the newest value. */

/** Yields the value of `read`, then its value after every change until aborted; skips undefined values. */
export async function* streamValues<T>(
  subscribe: (listener: () => void) => () => void,
  read: () => T | undefined,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  let isChanged = true;
  let wake = () => {};
  const stop = subscribe(() => {
    isChanged = true;
    wake();
  });
  const end = () => wake();
  signal?.addEventListener('abort', end);
  try {
    while (!signal?.aborted) {
      if (isChanged) {
        isChanged = false;
        const value = read();
        if (value !== undefined) yield value;
      } else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal?.removeEventListener('abort', end);
    stop();
  }
}

/**
 * Streams a value that one loop polls for all listeners, while there are any. An error of `read` ends all streams; the next
 * listener starts the loop again.
 */
export function streamPolled<T>(read: () => Promise<T>, pause: number): (signal?: AbortSignal) => AsyncGenerator<T> {
  const listeners = new Set<() => void>();
  let last: { value: T } | { error: unknown } | undefined;
  let isReading = false;

  async function keepReading(): Promise<void> {
    isReading = true;
    last = undefined;
    while (listeners.size > 0) {
      last = await read().then(
        (value) => ({ value }),
        (error) => ({ error }),
      );
      for (const listener of listeners) listener();
      if ('error' in last) break;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    isReading = false;
  }
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    if (!isReading) void keepReading();
    return () => listeners.delete(listener);
  };
  const newest = (): T | undefined => {
    if (last && 'error' in last) throw last.error;
    return last?.value;
  };
  return (signal) => streamValues(subscribe, newest, signal);
}
