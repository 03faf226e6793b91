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
