import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { numberText } from '#contract/format';
import { settingsOf } from '#contract/runRow';
import { asRunId, type CommandRow, print, readApp } from './command.ts';
import { printable } from './printable.ts';
import { outcome } from './watch.ts';

/** Columns of a tag or a setting. */
const widest = 200;

export const showCommand: CommandRow = {
  add(program) {
    program
      .command('show')
      .description('show a run: its config, how it differs from the protocol, its result')
      .argument('<id>', 'the run, or the beginning of its id', asRunId)
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
              run.device ? `on ${run.device}; ${run.trainable} of ${run.total} parameters trained` : '',
              run.result
                ? `mean of the last ${Math.min(100, run.result.iterations)} test metrics: ${run.result.last100}`
                : '',
              floor ? `baseline without input, ${floor.predictor}: ${numberText(floor.value)}` : '',
              tests.length ? `${tests.length} evaluations, last at step ${tests.at(-1)!.step}` : '',
              `folder ${folder}${existsSync(folder) ? '' : ' is missing; only the data in the store are left'}`,
              run.tags.length ? `tags ${run.tags.map((tag) => printable(tag, widest)).join(', ')}` : '',
              '\nSettings that are not the defaults:',
              ...Object.entries(settingsOf(run.config)).map(
                ([field, value]) => `  ${field} = ${printable(JSON.stringify(value), widest)}`,
              ),
              run.deviations.length ? '\nDiffers from the published protocol:' : '',
              ...run.deviations.map((d) => `  ${d.field}: ${d.text}`),
            ]
              .filter(Boolean)
              .join('\n');
          });
        }),
      );
  },
};
