import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { PermafrostError } from '#contract/errors';
import { durationText, plural } from '#contract/format';
import type { Services } from '#contract/services';
import { alignColumns, asRunId, type CommandRow, print, readApp, withApp } from './command.ts';

interface Json {
  json?: boolean;
}

export const trashCommand: CommandRow = {
  add(program) {
    const group = program.command('trash').description('runs that are to be deleted: add, list, restore, empty');
    for (const add of [addAdd, addList, addRestore, addEmpty]) add(group);
  },
};

function addAdd(group: Command): void {
  takesRuns(group.command('add'))
    .description('move runs to the trash, where they stay until it is emptied')
    .action((names: string[], { json }: Json) =>
      withApp((app) => {
        const ids = names.map((name) => app.runs.get(name).id);
        app.runs.trash(ids);
        print(json, { ids }, () => `${plural(ids.length, 'run')} moved. Delete with: permafrost trash empty`);
      }),
    );
}

function addRestore(group: Command): void {
  takesRuns(group.command('restore'))
    .description('move runs out of the trash')
    .action((names: string[], { json }: Json) =>
      withApp((app) => {
        const trashed = new Set(inTrash(app).map(({ id }) => id));
        const ids = names.map((name) => app.runs.get(name).id);
        const other = ids.find((id) => !trashed.has(id));
        if (other) throw new PermafrostError('notFound', `${other} is not in the trash, so no run was restored.`);
        app.runs.restore(ids);
        print(json, { ids }, () => `${plural(ids.length, 'run')} restored.`);
      }),
    );
}

const inTrash = (app: Services) => app.runs.list().filter(({ trashedAt }) => trashedAt !== null);

const takesRuns = (command: Command): Command =>
  command
    .argument('<ids...>', 'ids of the runs, or their first letters', (text: string, before: string[] = []) => [
      ...before,
      asRunId(text),
    ])
    .option('--json', 'print {"ids": […]}');

function addList(group: Command): void {
  group
    .command('list')
    .description('list the runs in the trash')
    .option('--json', 'print {"runs": […]}')
    .action(({ json }: Json) =>
      readApp((app) => {
        const runs = inTrash(app);
        const rows = runs.map(({ id, state, trashedAt }) => [
          id,
          state,
          `${durationText((Date.now() - trashedAt!) / 1000)} ago`,
        ]);
        print(json, { runs }, () =>
          rows.length > 0 ? alignColumns(['id', 'state', 'moved here'], rows) : 'The trash is empty.',
        );
      }),
    );
}

function addEmpty(group: Command): void {
  group
    .command('empty')
    .description('delete the runs in the trash with their metrics, checkpoints and logs')
    .option('--yes', 'do not ask')
    .option('--json', 'print {"deleted"}')
    .action(({ yes, json }: Json & { yes?: boolean }) =>
      withApp(async (app) => {
        const count = inTrash(app).length;
        if (count > 0 && !yes && !(await agrees(count))) {
          console.error('Nothing was deleted.');
          process.exitCode = 3;
          return;
        }
        const deleted = app.runs.emptyTrash();
        print(json, { deleted }, () => (deleted > 0 ? `${plural(deleted, 'run')} deleted.` : 'The trash is empty.'));
      }),
    );
}

/** Asks whether to delete the runs. Throws `config` without a terminal. */
async function agrees(count: number): Promise<boolean> {
  const what = plural(count, 'run');
  if (!process.stdin.isTTY)
    throw new PermafrostError('config', `This deletes ${what} for good. Without a terminal, confirm with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`Delete ${what} for good? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
