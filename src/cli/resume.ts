import { restingStates } from '#contract/run';
import { asRunId, type CommandRow, print, withApp } from './command.ts';
import { exitCodeOf, follow } from './watch.ts';

export const resumeCommand: CommandRow = {
  add(program) {
    program
      .command('resume')
      .description('continue a run from its last checkpoint')
      .argument('<id>', 'the run, or the beginning of its id', asRunId)
      .option('--json', 'print the run as one JSON object')
      .action((name: string, options: { json?: boolean }) =>
        withApp(async (app) => {
          const { id } = app.runs.resume(name);
          const { running, queued } = app.queue.get();
          if (![...running, ...queued].includes(id))
            console.error(`${id} was running on another machine; waiting up to 30 s to see whether it still is.`);
          const runs = await follow(app, [id]);
          if (!restingStates.includes(runs[0].state)) app.runs.resume(id); // says who has it
          print(options.json, runs[0], () => id);
          process.exitCode = exitCodeOf(runs);
        }),
      );
  },
};
