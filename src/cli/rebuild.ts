import { plural } from '#contract/format';
import type { Rebuilt } from '#contract/services';
import { type CommandRow, print, withApp } from './command.ts';

export const rebuildCommand: CommandRow = {
  add(program) {
    program
      .command('rebuild')
      .description('add missing runs from their folders to the store; replaces a damaged store and keeps a copy of it')
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
    ...(setAside ? [`The store was damaged. A new one replaces it; the old one is kept as ${setAside}.`] : []),
    `${plural(added, 'run')} added${completed > 0 ? `, ${plural(completed, 'run')} completed` : ''}.`,
    ...unreadable.map((line) => `Not a run: ${line}`),
    ...damaged.map((line) => `Damaged: ${line}`),
  ].join('\n');
