/**
 * `node main.ts RUNFOLDER` trains one run. It reports to the run's journal and, if there is a parent process, in messages
 * to it. It obeys `pause` and `stop`, either as a message or, after SIGUSR2, in `command.json`.
 * Exit codes: 0 the run finished, paused or stopped; 1 it failed; 2 it did not start.
 *
 * Environment:
 * - PERMAFROST_HOME: the home; by default two folders above the run's
 * - PERMAFROST_THREADS: number of CPU threads
 * - PERMAFROST_WAIT: seconds to wait for another trainer of the run to exit
 * - PERMAFROST_SEEN: number of the newest journal entry that the store has
 * - PERMAFROST_PRINT_GRAPH: a file for the graphs of the run's programs as text, see engine/print
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describeError, PermafrostError } from '#contract/errors';
import { type JournalEntry, type TrainerHeard, trainerCommand } from '#contract/run';
import { syncFile } from '#disk/atomicFile';
import { type Lease, type LeaseHolder, takeLease } from '#disk/lease';
import { processText } from '#disk/processes';
import { retryWhileDiskFails } from '#disk/retryWhileDiskFails';
import { readRunCommand } from '#runFolder/command';
import { readRunConfig } from '#runFolder/config';
import { type Journal, openJournal, readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { type Ended, type Interruption, type RunControl, train } from './train.ts';

const exitCode = { rested: 0, failed: 1, refused: 2 };

const stop = new AbortController();
const control: RunControl = { stop: stop.signal, step: 0 };
const interrupt = (interruption: Interruption) => stop.abort(interruption); // the first one counts
const interrupted = (message: string): Interruption => ({ kind: 'pause', reason: { code: 'interrupted', message } });

process.on('message', (message) => {
  const command = trainerCommand.safeParse(message);
  if (!command.success) return;
  interrupt({ ...command.data, reason: null });
  process.send?.({ heard: command.data.kind } satisfies TrainerHeard);
});
process.on('disconnect', () => interrupt(interrupted('The process that started this run exited.')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // a terminal sends these to its whole process group; if there is a parent process, it decides what they mean for the run
  if (process.connected && signal !== 'SIGTERM') process.on(signal, () => {});
  else process.once(signal, () => interrupt(interrupted(`The trainer received ${signal}.`))); // a second signal kills it
}
if (process.platform !== 'win32')
  process.on('SIGUSR2', () => interrupt({ ...readRunCommand(resolve(process.argv[2])), reason: null }));
for (const printed of [process.stdout, process.stderr]) printed.on('error', () => {}); // a full disk under trainer.log must not end the run
if (process.platform !== 'win32') process.on('SIGXFSZ', () => {}); // turns a file-size limit into an error of write(), which is handled

/** Takes the run's lease and opens its journal. Throws `notFound`, `disk`, or `conflict` if the run is finished or in use. */
async function openRun(folder: string): Promise<Journal> {
  const files = runFiles(folder);
  if (!existsSync(files.config))
    throw new PermafrostError('notFound', `${folder} is not a run folder: it has no config.json.`);
  const patience = {
    signal: stop.signal,
    onRefusal: ({ message }: Error) => console.error(`${message} Waiting until the disk works again.`),
  };
  syncFile(files.config);
  const lease = await retryWhileDiskFails(() => takeRun(folder), patience);
  process.once('exit', lease.release);
  for (const { body } of readEntries(files.journal, { kinds: ['checkpoint', 'ended'] })) {
    if (body.kind === 'checkpoint') control.step = body.step;
    if (body.kind === 'ended' && body.state === 'finished') {
      lease.release();
      throw new PermafrostError(
        'conflict',
        `The run in ${folder} is finished. To train it further or again, start a new run from its config.`,
      );
    }
  }
  const permit = () => {
    if (!lease.isLost()) return;
    console.error(
      `Another process has taken over ${folder}, because the lease of this trainer expired. This trainer exits.`,
    );
    process.exit(exitCode.refused);
  };
  return retryWhileDiskFails(
    () => openJournal(files.journal, { send, permit, seen: wholeOf('PERMAFROST_SEEN', 0) }),
    patience,
  );
}

/** Takes the run's lease. Throws `conflict` while another trainer has it. */
async function takeRun(folder: string): Promise<Lease> {
  const options = { what: `The run in ${folder}`, thread: true, signal: stop.signal };
  const path = runFiles(folder).lease;
  const seconds = wholeOf('PERMAFROST_WAIT', 0);
  if (seconds === 0) return takeLease(path, options);
  const late = AbortSignal.timeout(1000 * seconds);
  const onWait = ({ process }: LeaseHolder) =>
    console.error(`${options.what} is in use by ${processText(process)}; waiting until it finishes.`);
  try {
    return await takeLease(path, { ...options, onWait, signal: AbortSignal.any([stop.signal, late]) });
  } catch (error) {
    if (!late.aborted) throw error;
    return takeLease(path, options);
  }
}

/** Settles when the newest message has been sent. */
let sent: Promise<unknown> = Promise.resolve();
function send(entry: JournalEntry): void {
  if (!process.connected) return;
  sent = new Promise((resolve) => process.send!(entry, undefined, undefined, resolve)); // a lost parent shows as 'disconnect'
}

/** Writes the last entry, waits while the disk refuses it, and exits. */
async function finish(journal: Journal, ended: Ended): Promise<never> {
  let code = ended.state === 'failed' ? exitCode.failed : exitCode.rested;
  const late = new AbortController();
  const giveUp = () => void setTimeout(patience).then(() => late.abort());
  if (stop.signal.aborted) giveUp();
  else stop.signal.addEventListener('abort', giveUp);
  try {
    journal.append(ended);
    await retryWhileDiskFails(journal.sync, {
      signal: late.signal,
      onRefusal: ({ message }) =>
        console.error(`${message} The run has ended; its last entries will be written when the disk works again.`),
    });
  } catch (error) {
    console.error((error as Error).message);
    code = exitCode.failed;
  }
  await Promise.race([sent, setTimeout(patience)]);
  process.exit(code);
}
const patience = 5000; // ms to wait for a parent that does not read, and for a full disk after a request to end

/** A whole number from the environment, or `absent` if it is not set. Throws `config`. */
function wholeOf<T>(name: string, absent: T): number | T {
  const text = process.env[name];
  if (!text) return absent;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new PermafrostError('config', `${name} must be a whole number of at least 1; found "${text}".`);
}

async function main(argument: string | undefined): Promise<never> {
  if (!argument) {
    console.error('Usage: node main.ts RUNFOLDER');
    return process.exit(exitCode.refused);
  }
  const folder = resolve(argument);
  const home = process.env.PERMAFROST_HOME ?? resolve(folder, '../..');
  const journal = await openRun(folder).catch((error) => {
    if (stop.signal.aborted) return process.exit(exitCode.rested);
    console.error(describeError(error).message);
    return process.exit(exitCode.refused);
  });
  const fail = (error: unknown) => {
    console.error(error instanceof PermafrostError ? error.message : error);
    return finish(journal, {
      kind: 'ended',
      state: 'failed',
      step: control.step,
      reason: describeError(error),
      result: null,
    });
  };
  process.once('uncaughtException', fail);
  try {
    const threads = wholeOf('PERMAFROST_THREADS', undefined); // absent: one per core
    const graphFile = process.env.PERMAFROST_PRINT_GRAPH || undefined;
    const { config } = readRunConfig(folder);
    return await finish(journal, await train({ folder, home, threads, config, journal, control, graphFile }));
  } catch (error) {
    return fail(error);
  }
}

await main(process.argv[2]);
