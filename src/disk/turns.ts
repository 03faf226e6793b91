/** Divides long work on files or the store into turns of the event loop, so that the window and the server still answer. */
import { setImmediate as breathe } from 'node:timers/promises';

/** Milliseconds of a turn. */
const turnTime = 25;

/** Begins a turn. The returned function tells whether the turn still has time. */
export function beginTurn(): () => boolean {
  const end = performance.now() + turnTime;
  return () => performance.now() < end;
}

/** Calls `work` for each item, and gives other work its turn in between. */
export async function inTurns<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let hasTime = beginTurn();
  for (const item of items) {
    if (!hasTime()) {
      await breathe();
      hasTime = beginTurn();
    }
    work(item);
  }
}
