import { plural } from '#contract/format';
import type { Rebuilt } from '#contract/services';
import { type CommandRow, print, withApp } from './command.ts';

export const rebuildCommand: CommandRow = {
  add(program) {
    program
      .command('rebuild')
      .description('add runs from their folders to the store; a damaged store is set aside first')
      .option('--json', 'print {"added", "completed", "unreadable", "damaged", "setAside"}')
      .action(({ json }: { json?: boolean }) =>
        withApp(
          async (app) => {
            const found = await app.rebuild();
            print(json, found, () => rebuiltText(found));
          },
          { repairs: true },
        ),
      );
  },
};

const rebuiltText = ({ added, completed, unreadable, damaged, setAside }: Rebuilt): string =>
  [
    ...(setAside ? [`The store was damaged. It is kept as ${setAside}; a new one was made.`] : []),
    `${plural(added, 'run')} added${completed > 0 ? `, ${plural(completed, 'run')} completed` : ''}.`,
    ...unreadable.map((line) => `Not a run: ${line}`),
    ...damaged.map((line) => `Damaged: ${line}`),
  ].join('\n');
