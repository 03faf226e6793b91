import { restingStates } from '#contract/run';
import { asRunId, type CommandRow, print, withApp } from './command.ts';
import { type OnOptions, printedDryRun, requirePlace, takesOn } from './onOption.ts';
import { exitCodeOf, follow } from './watch.ts';

export const resumeCommand: CommandRow = {
  add(program) {
    takesOn(program.command('resume'))
      .description('continue a run from its last checkpoint')
      .argument('<id>', 'id of the run, or its first letters', asRunId)
      .option('--json', 'print the run as one JSON object')
      .action((name: string, options: OnOptions & { json?: boolean }) =>
        withApp(async (app) => {
          if (printedDryRun(app, options, 1)) return;
          await requirePlace(app, options);
          const { id } = app.runs.resume(name, options.on);
          const { running, queued, submitted } = app.queue.get();
          if (![...running, ...queued, ...submitted].includes(id))
            console.error(`${id} was running on another machine; waiting up to 30 s to see whether it still is.`);
          const runs = await follow(app, [id]);
          if (!restingStates.includes(runs[0].state)) app.runs.resume(id); // throws, naming the app that has it
          print(options.json, runs[0], () => id);
          process.exitCode = exitCodeOf(runs);
        }),
      );
  },
};
