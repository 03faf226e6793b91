/** Messages from a trainer to the process that started it, which may die at any moment. */
import type { JournalEntry, TrainerHeard } from '#contract/run';

let latest: Promise<unknown> = Promise.resolve();

/** Sends a message if there is a parent process. Ignores errors, because `disconnect` follows when the parent is dead. */
export function sendToParent(message: JournalEntry | TrainerHeard): void {
  if (!process.connected) return;
  latest = new Promise((resolve) => process.send!(message, undefined, undefined, resolve)); // without a callback, errors are thrown
}

/** Settles when the newest message has been sent. */
export const allSent = (): Promise<unknown> => latest;
