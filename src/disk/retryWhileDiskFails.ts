/** Retries while a disk is full or fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isTemporary } from './troubles.ts';

const pause = 500; // ms between attempts

export interface RetryOptions {
  /** After it is aborted, the next refusal is thrown. */
  signal?: AbortSignal;
  /** Called with the first refusal. */
  onRefusal?(error: Error): void;
}

/** Repeats `attempt` while a full or failing disk refuses it. Throws errors that waiting cannot fix. */
export async function retryWhileDiskFails<T>(
  attempt: () => T | Promise<T>,
  { signal, onRefusal }: RetryOptions = {},
): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTemporary(error) || signal?.aborted) throw error;
      if (!told) onRefusal?.(error as Error);
    }
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}
