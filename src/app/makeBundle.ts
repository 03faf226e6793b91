/** Makes a bundle of finished runs and, if given, of their table. */
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { Run } from '#contract/run';
import type { TableState } from '#contract/tableState';
import { jsonFile, type Statement, textFile, writeBundle } from '#export/bundle';
import { runsCsv } from '#export/csv';
import { markdown } from '#export/markdown';
import { resultRunsCsv, resultsCsv, tableDocument } from '#export/tables';
import type { ZipFile } from '#formats/writeZip';
import { runFiles } from '#runFolder/paths';
import { describeEnvironment, hashMaterials } from './bundleMaterials.ts';
import { requireFiles } from './requireFiles.ts';

/** The archive in chunks. Throws `config` if no run is finished, and `disk` if files of a run are missing. */
export async function* makeBundle(
  home: string,
  { runs, state }: { runs: readonly Run[]; state: TableState | null },
  made: string,
): AsyncGenerator<Uint8Array> {
  const finished = runs.filter((run) => run.state === 'finished').sort(byTime);
  if (finished.length === 0)
    throw new PermafrostError('config', 'A bundle holds finished runs, but none of these runs is finished.');
  requireFiles(
    finished.map((run) => ({
      folder: folderOf(home, run),
      files: ['config', 'journal', ...(froze(run) ? (['frozen'] as const) : [])],
    })),
  );
  const configs = finished.map(({ config }) => config);
  const answered = state && finishedOnly(state);
  const files = [
    jsonFile('environment.json', describeEnvironment()),
    jsonFile('materials.json', await hashMaterials(home, configs)),
    ...derivedFiles(finished, answered, made),
    ...(answered ? [jsonFile('table.json', stated(answered))] : []),
    ...finished.flatMap((run) => filesOf(home, run)),
  ];
  yield* writeBundle(files, made);
}

const folderOf = (home: string, { id }: Run): string => join(home, 'runs', id);
const froze = ({ trainable, total }: Run): boolean => trainable !== total;

export const byTime = (a: Run, b: Run): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

const finishedOnly = (state: TableState): TableState => ({
  ...state,
  results: state.results.map((result) => ({ ...result, runs: result.runs.filter((row) => row.state === 'finished') })),
});

/** The files of a bundle that are computed from its runs and table. */
export function derivedFiles(runs: readonly Run[], state: TableState | null, made: string): ZipFile[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  if (!state) return [textFile('runs.csv', runsCsv(runs))];
  return [
    textFile(
      'runs.csv',
      resultRunsCsv(state, (id) => byId.get(id)!),
    ),
    textFile('table.csv', resultsCsv(state)),
    textFile('table.md', [markdown(tableDocument(state, made))]),
  ];
}

const stated = ({ table, profile, tolerance, results, contrasts }: TableState): Statement => ({
  table: table.id,
  profile,
  tolerance,
  cells: results.map(({ cell, needs, notes, floor, runs, judgement }) => ({
    ...{ id: cell.id, published: cell.published, needs, notes, floor, judgement },
    runs: runs.map(({ id }) => id),
  })),
  contrasts,
});

function filesOf(home: string, run: Run): ZipFile[] {
  const files = runFiles(folderOf(home, run));
  const copy = (name: string, path: string): ZipFile[] =>
    existsSync(path) ? [{ name: `runs/${run.id}/${name}`, chunks: createReadStreamLater(path) }] : [];
  return [
    jsonFile(`runs/${run.id}/run.json`, run),
    ...copy('config.json', files.config),
    ...copy('journal.jsonl', files.journal),
    ...copy('frozen.json', files.frozen),
  ];
}

/** Opens the file only when it is read, since a bundle may have thousands. */
async function* createReadStreamLater(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 2 ** 20 });
}
