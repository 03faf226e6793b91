import { type CommandRow, print, withApp } from './command.ts';

export const rebuild: CommandRow = {
  add(program) {
    program
      .command('rebuild')
      .description('add runs that lie in folders but not in the store')
      .option('--json', 'print {"added", "unreadable"}')
      .action(({ json }: { json?: boolean }) =>
        withApp((app) => {
          const { added, unreadable } = app.rebuild();
          print(json, { added, unreadable }, () =>
            [`${added} run${added === 1 ? '' : 's'} added.`, ...unreadable.map((line) => `Not a run: ${line}`)].join(
              '\n',
            ),
          );
        }),
      );
  },
};
