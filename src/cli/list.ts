import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { configDefaults } from '#contract/config';
import { durationText, numberText, plural } from '#contract/format';
import { regimeOf } from '#contract/regime';
import type { Run } from '#contract/run';
import { alignColumns, type CommandRow, print, readApp } from './command.ts';

/** The output if the store has no runs. */
function noRuns(home: string): string {
  const folders = runFolders(home);
  return folders > 0
    ? `The run store is empty, but ${home} has ${plural(folders, 'run folder')}. Add them with: permafrost rebuild`
    : 'There are no runs yet. Start one with: permafrost run --set task=bit-xor';
}

function runFolders(home: string): number {
  try {
    return readdirSync(join(home, 'runs')).length;
  } catch {
    return 0;
  }
}

/** The name that the user gave a run. */
const nameOf = ({ config: { name } }: Run): string => (name === configDefaults.name ? '' : name);

export const listCommand: CommandRow = {
  add(program) {
    program
      .command('list')
      .description('list the runs')
      .option('--json', 'print {"runs": […]}')
      .action(({ json }: { json?: boolean }) =>
        readApp((app) => {
          const runs = app.runs.getAll();
          const rows = runs.map((run) => [
            run.id,
            run.state,
            run.config.task,
            run.config.model_name,
            regimeOf(run.config),
            String(run.config.seed),
            `${run.step}/${run.totalSteps}`,
            run.result ? `${run.result.metric} ${numberText(run.result.value)}` : '',
            run.result ? durationText(run.result.seconds) : '',
            run.tags.join(' '),
            nameOf(run),
          ]);
          const header = ['id', 'state', 'task', 'body', 'regime', 'seed', 'steps', 'result', 'time', 'tags', 'name'];
          print(json, { runs }, () => (runs.length ? alignColumns(header, rows) : noRuns(app.home)));
        }),
      );
  },
};
