/**
 * `node main.ts RUNFOLDER`: one process, one run. Reports through the run's journal and, where a parent process listens,
 * as messages; obeys `pause` and `stop`. Exit codes: 0 the run came to rest, 1 it failed, 2 it was not begun.
 * Environment: PERMAFROST_HOME (default: two folders above the run's), PERMAFROST_THREADS.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describeError, PermafrostError } from '#contract/errors';
import { type EntryBody, type JournalEntry, trainerCommand } from '#contract/run';
import { type Journal, openJournal, readJournal } from './journal.ts';
import { lockRun } from './lock.ts';
import { readConfig, runFiles } from './runFolder.ts';
import { type Control, type Ended, type Interruption, train } from './train.ts';

const exitCode = { rested: 0, failed: 1, refused: 2 };

const stop = new AbortController();
const control: Control = { stop: stop.signal, step: 0 };
const interrupt = (interruption: Interruption) => stop.abort(interruption); // the first one counts
const interrupted = (message: string): Interruption => ({ kind: 'pause', reason: { code: 'interrupted', message } });

process.on('message', (message) => {
  const command = trainerCommand.safeParse(message);
  if (command.success) interrupt({ ...command.data, reason: null });
});
process.on('disconnect', () => interrupt(interrupted('The process that started this run went away.')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // a terminal sends these to its whole group: what they mean for a run is for the process to say that started it
  if (process.connected && signal !== 'SIGTERM') process.on(signal, () => {});
  else process.once(signal, () => interrupt(interrupted(`The trainer was asked to end (${signal}).`))); // a second one ends it at once
}
if (process.platform !== 'win32') process.on('SIGXFSZ', () => {}); // a file-size limit becomes an error of write(), which we survive

/** Opens the run's journal, unless the run must not go on. Throws `notFound`, `conflict`, `disk`. */
async function openRun(folder: string): Promise<Journal> {
  const files = runFiles(folder);
  if (!existsSync(files.config))
    throw new PermafrostError('notFound', `${folder} is not a run folder: it has no config.json.`);
  await lockRun(folder);
  const { entries } = readJournal(files.journal);
  const last = <K extends EntryBody['kind']>(kind: K) =>
    entries.findLast(({ body }) => body.kind === kind)?.body as Extract<EntryBody, { kind: K }> | undefined;
  control.step = last('checkpoint')?.step ?? 0;
  const ended = last('ended');
  if (ended?.state === 'finished') {
    throw new PermafrostError(
      'conflict',
      `The run in ${folder} is finished. To train it further or again, start a new run from its config.`,
    );
  }
  return openJournal(files.journal, { send });
}

/** Settles when the newest message has left. */
let sent: Promise<unknown> = Promise.resolve();
function send(entry: JournalEntry): void {
  if (!process.connected) return;
  sent = new Promise((resolve) => process.send!(entry, undefined, undefined, resolve)); // a lost parent shows as 'disconnect'
}

/** Writes the last entry and ends the process. */
async function finish(journal: Journal, ended: Ended): Promise<never> {
  let code = ended.state === 'failed' ? exitCode.failed : exitCode.rested;
  try {
    journal.append(ended);
    journal.sync();
  } catch (error) {
    console.error((error as Error).message);
    code = exitCode.failed;
  }
  await Promise.race([sent, setTimeout(patience)]);
  process.exit(code);
}
const patience = 5000; // ms for a parent that does not read

/** CPU threads from the environment; undefined: one per core. */
function threadsOf(text: string | undefined): number | undefined {
  if (!text || /^[1-9]\d*$/.test(text)) return text ? Number(text) : undefined;
  throw new PermafrostError('config', `PERMAFROST_THREADS should be a whole number from 1; found "${text}".`);
}

async function main(argument: string | undefined): Promise<never> {
  if (!argument) {
    console.error('Usage: node main.ts RUNFOLDER');
    return process.exit(exitCode.refused);
  }
  const folder = resolve(argument);
  const home = process.env.PERMAFROST_HOME ?? resolve(folder, '../..');
  const journal = await openRun(folder).catch((error) => {
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
    const threads = threadsOf(process.env.PERMAFROST_THREADS);
    return await finish(journal, await train({ folder, home, threads, config: readConfig(folder), journal, control }));
  } catch (error) {
    return fail(error);
  }
}

await main(process.argv[2]);
