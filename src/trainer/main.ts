/**
 * `node main.ts RUNFOLDER`: one process, one run. Reports through the run's journal and, where a parent process listens,
 * as messages; obeys `pause` and `stop`, as messages or, after SIGUSR2,
 * from `command.json`. Exit codes: 0 the run came to rest, 1 it failed, 2 it was not begun.
 * Environment: PERMAFROST_HOME (default: two folders above the run's), PERMAFROST_THREADS, PERMAFROST_WAIT (seconds to wait for
 * another trainer of the run to end), PERMAFROST_SEEN (number of the newest journal entry that the store has),
 * PERMAFROST_PRINT_GRAPH (a file for the graphs of the run's programs as text, see engine/print).
 */
import { resolve } from 'node:path';
import { receiveRequests } from './requests.ts';

const [argument] = process.argv.slice(2);
if (argument) {
  const folder = resolve(argument);
  const stop = receiveRequests(folder); // before the second that loading the rest takes
  const { trainFolder } = await import('./trainFolder.ts');
  await trainFolder(folder, stop);
} else {
  console.error('Usage: node main.ts RUNFOLDER');
  process.exit(2);
}
