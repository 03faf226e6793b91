/** Which queued run starts next. Pure. */

/** The ids to start now, in order: those at the head of the queue for which a slot is free. */
export function nextJobs(queue: readonly string[], running: number, slots: number): readonly string[] {
  return queue.slice(0, Math.max(0, slots - running));
}
