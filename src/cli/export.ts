import { PermafrostError } from '#contract/errors';
import { metricsCsv, runsCsv, writeLines } from '#export/csv';
import { type CommandRow, print, withApp } from './command.ts';

export const exportCommand: CommandRow = {
  add(program) {
    program
      .command('export')
      .description('write runs, or their metrics at full resolution, as CSV (RFC 4180)')
      .argument('<what...>', 'run ids, or none for all, then the file; - for standard output')
      .option('--metrics', 'every metric row (run, key, step, value) instead of a row per run')
      .option('--json', 'print what was written as one JSON object')
      .action((what: string[], { metrics, json }: { metrics?: boolean; json?: boolean }) =>
        withApp(async (app) => {
          const path = what.at(-1)!;
          if (json && path === '-')
            throw new PermafrostError('config', '--json and - both want standard output. Name a file.');
          const runs = what.length > 1 ? what.slice(0, -1).map(app.get) : app.list();
          await writeLines(
            path,
            metrics ? metricsCsv(runs.map(({ id }) => ({ id, rows: app.metrics(id) }))) : runsCsv(runs),
          );
          if (path !== '-')
            print(
              json,
              { path, runs: runs.map((run) => run.id) },
              () => `${runs.length} run${runs.length === 1 ? '' : 's'} in ${path}`,
            );
        }),
      );
  },
};
