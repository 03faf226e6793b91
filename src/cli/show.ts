import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { numberText } from '#contract/format';
import { settingsOf } from '#contract/runRow';
import { asRunId, type CommandRow, print, readApp } from './command.ts';
import { printable } from './printable.ts';
import { outcome } from './watch.ts';

/** Largest number of columns of a tag or a setting. */
const widest = 200;

export const showCommand: CommandRow = {
  add(program) {
    program
      .command('show')
      .description('show a run: its state, result, settings, and deviations from the published protocol')
      .argument('<id>', 'id of the run, or its first letters', asRunId)
      .option('--json', 'print the run as one JSON object')
      .action((name: string, { json }: { json?: boolean }) =>
        readApp(async (app) => {
          const run = app.runs.get(name);
          const floor = await app.data.floor(run.config);
          print(json, { ...run, floor }, () => {
            const folder = join(app.home, 'runs', run.id);
            const tests = app.runs.series(run.id, 'test_metric');
            return [
              `${run.id}  ${outcome(run)}`,
              run.device ? `device ${run.device}; trains ${run.trainable} of ${run.total} parameters` : '',
              run.result
                ? `mean of the last ${Math.min(100, run.result.iterations)} test metrics: ${run.result.last100}`
                : '',
              floor ? `floor ${numberText(floor.value)} (${floor.predictor})` : '',
              tests.length ? `${tests.length} evaluations, the last one at step ${tests.at(-1)!.step}` : '',
              `folder ${folder}${existsSync(folder) ? '' : ' is missing; only the data in the store remain'}`,
              run.tags.length ? `tags ${run.tags.map((tag) => printable(tag, widest)).join(', ')}` : '',
              '\nSettings that differ from the defaults:',
              ...Object.entries(settingsOf(run.config)).map(
                ([field, value]) => `  ${field} = ${printable(JSON.stringify(value), widest)}`,
              ),
              run.deviations.length ? '\nDeviations from the published protocol:' : '',
              ...run.deviations.map((d) => `  ${d.field}: ${d.text}`),
            ]
              .filter(Boolean)
              .join('\n');
          });
        }),
      );
  },
};
