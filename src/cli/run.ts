import { type CommandRow, print, withApp } from './command.ts';
import { type ConfigOptions, readTrainableConfig, takesConfig } from './configOptions.ts';
import { type OnOptions, printedDryRun, requirePlace, takesOn } from './onOption.ts';
import { exitCodeOf, follow } from './watch.ts';

export const runCommand: CommandRow = {
  add(program) {
    takesOn(takesConfig(program.command('run').description('train one config and store the run')))
      .option('--tag <tag>', 'tag the run; may be repeated', (value, all: string[]) => [...all, value], [] as string[])
      .option('--json', 'print the run as one JSON object')
      .action((file: string | undefined, options: ConfigOptions & OnOptions & { tag: string[]; json?: boolean }) =>
        withApp(async (app) => {
          const config = readTrainableConfig(file, options, app.config);
          if (printedDryRun(app, options, 1)) return;
          await requirePlace(app, options, [config]);
          const [id] = await app.runs.create([config], options.tag, options.on);
          const runs = await follow(app, [id]);
          print(options.json, runs[0], () => id);
          process.exitCode = exitCodeOf(runs);
        }),
      );
  },
};
