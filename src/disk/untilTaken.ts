/** Patience with a disk that refuses for now. */
import { setTimeout as sleep } from 'node:timers/promises';
import { passes } from './troubles.ts';

const pause = 500; // ms between attempts

export interface PatienceOptions {
  /** Aborting it makes the next refusal the last. */
  signal?: AbortSignal;
  /** Told of the first refusal. */
  onRefusal?(error: Error): void;
}

/** What `attempt` gives, tried again as long as a full or failing disk refuses it. Throws everything that waiting does not mend. */
export async function untilTaken<T>(
  attempt: () => T | Promise<T>,
  { signal, onRefusal }: PatienceOptions = {},
): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      return await attempt();
    } catch (error) {
      if (!passes(error) || signal?.aborted) throw error;
      if (!told) onRefusal?.(error as Error);
    }
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}
