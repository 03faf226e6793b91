/**
 * What others ask of a trainer, by message or signal. It loads nothing that takes time, because a signal that comes before its
 * handler ends the process without a word in the journal.
 */
import type { Interruption } from './train.ts';

/** Receives requests for the run of a folder from now on; the first one aborts the signal, with an {@link Interruption} as its reason. */
export function receiveRequests(folder: string): AbortSignal {
  const stop = new AbortController();
  const interrupt = (interruption: Interruption) => stop.abort(interruption); // the first one counts
  const interrupted = (message: string) => interrupt({ kind: 'pause', reason: { code: 'interrupted', message } });

  process.on('message', async (message) => {
    const { trainerCommand } = await import('#contract/run');
    const command = trainerCommand.safeParse(message);
    if (!command.success) return;
    interrupt({ ...command.data, reason: null });
    process.send?.({ heard: command.data.kind });
  });
  process.on('disconnect', () => interrupted('The process that started this run exited.'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // a terminal sends these to its whole group: what they mean for a run is for the process to say that started it
    if (process.connected && signal !== 'SIGTERM') process.on(signal, () => {});
    else process.once(signal, () => interrupted(`The trainer was asked to end (${signal}).`)); // a second one ends it at once
  }
  for (const printed of [process.stdout, process.stderr]) printed.on('error', () => {}); // a full disk under trainer.log ends no run
  if (process.platform === 'win32') return stop.signal;
  process.on('SIGXFSZ', () => {}); // a file-size limit becomes an error of write(), which we survive
  // last: the batch script of a cluster takes it for the sign that this process receives requests
  process.on('SIGUSR2', async () => {
    const { readRunCommand } = await import('#runFolder/command');
    interrupt({ ...readRunCommand(folder), reason: null });
  });
  return stop.signal;
}
