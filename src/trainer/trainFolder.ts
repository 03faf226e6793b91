/** A trainer process from the lease of its run to its exit. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describeError, PermafrostError } from '#contract/errors';
import { syncFile } from '#disk/atomicFile';
import { type Lease, type LeaseHolder, takeLease } from '#disk/lease';
import { processText } from '#disk/processes';
import { retryWhileDiskFails } from '#disk/retryWhileDiskFails';
import { readRunConfig } from '#runFolder/config';
import { type Journal, openJournal, readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { allSent, sendToParent } from './parent.ts';
import { type Ended, type RunControl, train } from './train.ts';

const exitCode = { rested: 0, failed: 1, refused: 2 };

/** Trains the run of a folder and ends the process. `stop` is aborted by a request to end earlier, as in {@link RunControl}. */
export async function trainFolder(folder: string, stop: AbortSignal): Promise<never> {
  const control: RunControl = { stop, step: 0 };
  const home = process.env.PERMAFROST_HOME ?? resolve(folder, '../..');
  const journal = await openRun(folder, control).catch((error) => {
    if (stop.aborted) return process.exit(exitCode.rested);
    console.error(describeError(error).message);
    return process.exit(exitCode.refused);
  });
  const fail = (error: unknown) => {
    console.error(error instanceof PermafrostError ? error.message : error);
    const reason = describeError(error);
    return finish(journal, { kind: 'ended', state: 'failed', step: control.step, reason, result: null }, stop);
  };
  process.once('uncaughtException', fail);
  try {
    const threads = wholeOf('PERMAFROST_THREADS', undefined); // absent: one per core
    const graphFile = process.env.PERMAFROST_PRINT_GRAPH || undefined;
    const { config } = readRunConfig(folder);
    return await finish(journal, await train({ folder, home, threads, config, journal, control, graphFile }), stop);
  } catch (error) {
    return fail(error);
  }
}

/** Takes the run's lease and opens its journal. Throws `notFound`, `disk`, or `conflict` if the run is finished or in use. */
async function openRun(folder: string, control: RunControl): Promise<Journal> {
  const files = runFiles(folder);
  if (!existsSync(files.config))
    throw new PermafrostError('notFound', `${folder} is not a run folder: it has no config.json.`);
  const patience = {
    signal: control.stop,
    onRefusal: ({ message }: Error) => console.error(`${message} Waiting until the disk works again.`),
  };
  syncFile(files.config);
  const lease = await retryWhileDiskFails(() => takeRun(folder, control.stop), patience);
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
    () => openJournal(files.journal, { send: sendToParent, permit, seen: wholeOf('PERMAFROST_SEEN', 0) }),
    patience,
  );
}

/** Takes the run's lease. Throws `conflict` while another trainer has it. */
async function takeRun(folder: string, stop: AbortSignal): Promise<Lease> {
  const options = { what: `The run in ${folder}`, thread: true, signal: stop };
  const path = runFiles(folder).lease;
  const seconds = wholeOf('PERMAFROST_WAIT', 0);
  if (seconds === 0) return takeLease(path, options);
  const late = AbortSignal.timeout(1000 * seconds);
  const onWait = ({ process }: LeaseHolder) =>
    console.error(`${options.what} is in use by ${processText(process)}; waiting until it finishes.`);
  try {
    return await takeLease(path, { ...options, onWait, signal: AbortSignal.any([stop, late]) });
  } catch (error) {
    if (!late.aborted) throw error;
    return takeLease(path, options);
  }
}

/** Writes the last entry, waits while the disk refuses it, and exits. */
async function finish(journal: Journal, ended: Ended, stop: AbortSignal): Promise<never> {
  let code = ended.state === 'failed' ? exitCode.failed : exitCode.rested;
  const late = new AbortController();
  const giveUp = () => void setTimeout(patience).then(() => late.abort());
  if (stop.aborted) giveUp();
  else stop.addEventListener('abort', giveUp);
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
  await Promise.race([allSent(), setTimeout(patience)]);
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
