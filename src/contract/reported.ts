/** What there is now and after every change, until the signal comes; a slow reader misses what is out of date. */
export const followed = <T>(
  subscribe: (listener: () => void) => () => void,
  read: () => T,
  signal?: AbortSignal,
): AsyncGenerator<T> =>
  reported<T>(
    (report) =>
      new Promise((resolve) => {
        report(read());
        const stop = subscribe(() => report(read()));
        const end = () => resolve(stop());
        if (signal?.aborted) end();
        else signal?.addEventListener('abort', end, { once: true });
      }),
  );

/** Work that reports through a callback, as an iteration: what it last said, until it is done. */
export async function* reported<P>(work: (report: (progress: P) => void) => Promise<unknown>): AsyncGenerator<P> {
  let newest: P | null = null; // a reader that is slow misses what is out of date
  let wake = () => {};
  let ended = false;
  const done = work((progress) => {
    newest = progress;
    wake();
  }).finally(() => {
    ended = true;
    wake();
  });
  done.catch(() => {}); // thrown below, once everything that was said has been read
  for (;;) {
    if (newest !== null) {
      const progress: P = newest;
      newest = null;
      yield progress;
    } else if (ended) break;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  await done;
}
