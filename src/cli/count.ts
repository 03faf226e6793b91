import { countText, percentText } from '#contract/format';
import { type CommandRow, print, readApp } from './command.ts';
import { type ConfigOptions, readConfig, takesConfig } from './configOptions.ts';

export const countCommand: CommandRow = {
  add(program) {
    takesConfig(program.command('count').description('count the parameters of a config, without allocating them'))
      .option('--json', 'print {"trainable", "total"}')
      .action((file: string | undefined, options: ConfigOptions & { json?: boolean }) =>
        readApp((app) => {
          const { trainable, total } = app.config.count(readConfig(file, options, app.config.catalogue()));
          print(
            options.json,
            { trainable, total },
            () =>
              `${countText(trainable)} of ${countText(total)} parameters are trained (${percentText(trainable / total, 3)}).`,
          );
        }),
      );
  },
};
