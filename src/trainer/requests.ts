/**
 * What others ask of a trainer, by message or signal. It loads nothing that takes time, because a signal that comes before its
 * handler ends the process before it can write to the journal.
 */
import { sendToParent } from './parent.ts';
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
    sendToParent({ heard: command.data.kind });
  });
  process.on('disconnect', () => interrupted('The process that started this run exited.'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // a terminal sends these to its whole process group; if there is a parent process, it decides what they mean for the run
    if (process.connected && signal !== 'SIGTERM') process.on(signal, () => {});
    else process.once(signal, () => interrupted(`The trainer received ${signal}.`)); // a second signal kills it
  }
  for (const printed of [process.stdout, process.stderr]) printed.on('error', () => {}); // a full disk under trainer.log must not end the run
  if (process.platform === 'win32') return stop.signal;
  process.on('SIGXFSZ', () => {}); // turns a file-size limit into an error of write(), which is handled
  // last: the batch script of a cluster takes it for the sign that this process receives requests
  process.on('SIGUSR2', async () => {
    const { readRunCommand } = await import('#runFolder/command');
    interrupt({ ...readRunCommand(folder), reason: null });
  });
  return stop.signal;
}
