import { type CommandRow, print, readApp } from './command.ts';
import { type ConfigOptions, readConfig, takesConfig } from './configOptions.ts';

export const count: CommandRow = {
  add(program) {
    takesConfig(program.command('count').description('count the parameters of a config, without allocating them'))
      .option('--json', 'print {"trainable", "total"}')
      .action((file: string | undefined, options: ConfigOptions & { json?: boolean }) =>
        readApp((app) => {
          const { trainable, total } = app.config.count(readConfig(file, options));
          const share = ((100 * trainable) / total).toPrecision(3);
          print(
            options.json,
            { trainable, total },
            () =>
              `${trainable.toLocaleString('en')} of ${total.toLocaleString('en')} parameters are trained (${share} %).`,
          );
        }),
      );
  },
};
