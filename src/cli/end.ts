/** Commands that end runs before they are done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, PermafrostError } from '#contract/errors';
import { isOver, type Run } from '#contract/run';
import type { Services } from '#contract/services';
import { asRunId, type CommandRow, print, withApp } from './command.ts';
import { outcome } from './watch.ts';

/** Milliseconds after which a command stops waiting for the checkpoint of a run. */
const longestWait = 120_000;

interface EndOptions {
  all?: boolean;
  waiting?: boolean;
  json?: boolean;
}

const endCommand = (kind: 'pause' | 'stop', description: string): CommandRow => ({
  add(program) {
    program
      .command(kind)
      .description(description)
      .argument('[ids...]', 'ids of the runs, or their first letters')
      .option('--all', 'every run that trains or waits')
      .option('--waiting', 'every run that waits')
      .option('--json', 'print {"runs": […], "refused": […]}')
      .action((names: string[], options: EndOptions) => withApp((app) => endRuns(app, kind, names, options)));
  },
});

export const pauseCommand = endCommand(
  'pause',
  'pause runs at a checkpoint, also those that another app trains on this machine; resume continues them',
);
export const stopCommand = endCommand(
  'stop',
  'stop runs at a checkpoint, also those that another app trains on this machine',
);

async function endRuns(app: Services, kind: 'pause' | 'stop', names: string[], options: EndOptions): Promise<void> {
  const isChosen = (run: Run) => (options.all && !isOver(run)) || (options.waiting && run.state === 'queued');
  if ((names.length === 0) === !(options.all || options.waiting))
    throw new PermafrostError('config', `Name the runs to ${kind}, or use --all or --waiting.`);
  const ids =
    names.length > 0
      ? names.map(asRunId)
      : app.runs
          .getAll()
          .filter(isChosen)
          .map(({ id }) => id);
  const asked: string[] = [];
  const refused: { id: string; message: string }[] = [];
  for (const name of new Set(ids)) {
    try {
      const run = app.runs.get(name);
      if (isOver(run)) throw new PermafrostError('conflict', `${run.id} is ${run.state} already.`);
      app.runs[kind](run.id);
      asked.push(run.id);
    } catch (error) {
      refused.push({ id: name, message: describeError(error).message });
    }
  }
  const runs = await rested(app, asked);
  print(options.json, { runs, refused }, () =>
    [
      ...runs.map((run) =>
        isOver(run)
          ? `${run.id}: ${outcome(run)}`
          : `${run.id}: asked to ${kind}, but ${run.state} after ${longestWait / 1000} s. Repeat the command to go on waiting.`,
      ),
      ...refused.map(({ message }) => message),
      ...(runs.length + refused.length === 0 ? ['No run trains or waits.'] : []),
    ].join('\n'),
  );
  if (refused.length > 0) process.exitCode = 4;
}

/** The runs, once all of them are over or {@link longestWait} is. */
async function rested(app: Services, ids: readonly string[]): Promise<Run[]> {
  const late = performance.now() + longestWait;
  for (;;) {
    const runs = ids.map((id) => app.runs.get(id));
    if (runs.every(isOver) || performance.now() > late) return runs;
    await sleep(100);
  }
}
