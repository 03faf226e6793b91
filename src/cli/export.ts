/** `permafrost export`: writes runs or a published table to a file, in the formats that the window offers too. */
import { basename, extname } from 'node:path';
import { Option } from 'commander';
import { downloadNames } from '#app/downloads';
import { PermafrostError } from '#contract/errors';
import { type Profile, profiles } from '#contract/tableState';
import { writeChunks } from '#export/file';
import { asRunId, type CommandRow, print, readApp, requireOneOutput } from './command.ts';

interface Options {
  format?: string;
  table?: string;
  profile: Profile;
  json?: boolean;
}

export const exportCommand: CommandRow = {
  add(program) {
    program
      .command('export')
      .description('write runs, or a published table with your results, to a file')
      .argument('<what...>', 'ids of runs (without any: all runs), then the file; - for standard output')
      .option('--table <table>', 'export this published table, or in a format for runs the runs of its cells')
      .addOption(new Option('--profile <profile>', 'profile of the table').choices(profiles).default('quick'))
      .addOption(
        new Option('--format <format>', 'default: by the file name, such as means.csv or runs.means.csv').choices(
          downloadNames,
        ),
      )
      .option('--json', 'print the path and the format as one JSON object')
      .action((what: string[], options: Options) =>
        readApp(async (app) => {
          const path = what.at(-1)!;
          const ids = what.slice(0, -1).map((id) => app.runs.get(asRunId(id)).id);
          requireOneOutput(options.json, path);
          const format = options.format ?? formatFor(path, options.table !== undefined);
          const { chunks } = app.download(`/download/${format}?${query(ids, options)}`);
          await writeChunks(path, chunks);
          if (path !== '-') print(options.json, { path, format }, () => `Wrote ${format} to ${path}.`);
        }),
      );
  },
};

/** The format that the file's name ends with, as `my.means.csv` does; otherwise the first one with its extension that fits runs or a table. */
function formatFor(path: string, isTable: boolean): string {
  const named = downloadNames.find((name) => `.${basename(path)}`.endsWith(`.${name}`));
  if (named) return named;
  const ending = path === '-' ? '.csv' : extname(path);
  const fitting = downloadNames.filter((name) => name.endsWith(ending) && isTable === name.startsWith('table'));
  const found = ending && (fitting[0] ?? downloadNames.find((name) => name.endsWith(ending)));
  if (found) return found;
  throw new PermafrostError(
    'config',
    `${path}: no format has this extension. Choose one with --format: ${downloadNames.join(', ')}.`,
  );
}

function query(ids: string[], { table, profile }: Options): URLSearchParams {
  if (table === undefined) return new URLSearchParams(ids.map((id): [string, string] => ['id', id]));
  if (ids.length)
    throw new PermafrostError('config', 'Expected runs or a table; found both. Leave out the ids or --table.');
  return new URLSearchParams({ table, profile });
}
