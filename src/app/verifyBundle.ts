/** Computes again what a bundle states: verdicts from its runs, and the files that follow from both. */
import type { BundleReport } from '#contract/bundle';
import { configFields, type ExperimentConfig } from '#contract/config';
import type { TableState } from '#contract/papers';
import { run as runSchema } from '#contract/run';
import { bundleVersion, environment, type Materials, materials, statement } from '#export/bundle';
import { expand } from '#papers/expand';
import { tableOf } from '#papers/published';
import { byTime, derivedFiles } from './makeBundle.ts';
import { materialsOf } from './materials.ts';
import { configsOf, type Opened, problemsOf, same, words } from './openBundle.ts';
import { runRowOf } from './runRow.ts';
import { judgedTable } from './tables.ts';

/** Judges the table again from the replayed runs. Null where that cannot be done, with the reason among the problems. */
function answersOf({ bundle, store, report }: Opened): TableState | null {
  const said = bundle.json('table.json', statement);
  report.table = said.table;
  const { profile, tolerance } = said;
  const table = tableOf(said.table);
  const wrong = (text: string) => report.problems.push(`table.json: ${text}`);
  const known = said.cells.flatMap((claim) => {
    const cell = table.cells.find(({ id }) => id === claim.id);
    if (!cell) {
      wrong(`${claim.id}: ${table.id} has no such cell.`);
      return [];
    }
    if (!same(claim.published, cell.published))
      wrong(`${cell.id}: published ${words(claim.published)}; this Permafrost has ${words(cell.published)}.`);
    const runs = store.rows(claim.runs.filter((id) => report.runs.includes(id))).map(runRowOf);
    for (const { id, seed } of runs) {
      const [wanted] = expand(cell, profile, [seed]).configs;
      const field = differingField(store.runs.get(id).config, wanted);
      if (field)
        wrong(
          `${cell.id}: ${id} has ${field} ${words(store.runs.get(id).config[field])}; the cell asks for ${words(wanted[field])}.`,
        );
    }
    const { needs, notes, floor } = claim;
    const bySeed = runs.sort((a, b) => a.seed - b.seed);
    return [{ cell, needs, notes, floor, runs: bySeed }];
  });
  if (known.length !== table.cells.length) wrong(`it has ${known.length} of ${table.cells.length} cells.`);
  const state = judgedTable(table, profile, tolerance, known);
  for (const { cell, judgement } of state.answers) {
    const claim = said.cells.find(({ id }) => id === cell.id)!;
    if (!same(claim.judgement, judgement))
      wrong(`${cell.id}: the verdict is ${words(claim.judgement)}; its runs give ${words(judgement)}.`);
  }
  if (!same(said.contrasts, state.contrasts))
    wrong(`the contrasts are ${words(said.contrasts)}; the runs give ${words(state.contrasts)}.`);
  return state;
}

/** Judges the table of the bundle again, and makes the files anew that follow from its runs. */
async function checkDerived(opened: Opened): Promise<void> {
  const { bundle, store, report } = opened;
  let state: TableState | null = null;
  if (bundle.has('table.json'))
    problemsOf(report, 'table.json', () => {
      state = answersOf(opened);
    });
  if (report.problems.length > 0) return;
  const tagged = (id: string) => ({ ...store.runs.get(id), tags: bundle.json(`runs/${id}/run.json`, runSchema).tags });
  const runs = report.runs.map(tagged).sort(byTime);
  for (const { name, chunks } of derivedFiles(runs, state, report.made)) {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    if (Buffer.concat(parts).toString() !== bundle.text(name))
      report.problems.push(`${name}: it is not what the runs give.`);
  }
}

/** A field in which two configs differ that decides what a run gives; null where there is none. */
const differingField = (a: ExperimentConfig, b: ExperimentConfig) =>
  configFields.find((field) => field !== 'name' && field !== 'device' && !same(a[field], b[field])) ?? null;

export async function checkAll(opened: Opened, home: string): Promise<BundleReport> {
  const { bundle, report } = opened;
  if (report.runs.length === 0) report.problems.push('It holds no run.');
  // cells, rules of judgement and columns have changed since an older bundle was made, which is no fault of it
  if (bundle.manifest.version === bundleVersion) await checkDerived(opened);
  else
    report.notes.push(
      `the bundle has layout ${bundle.manifest.version} and this Permafrost makes layout ${bundleVersion}: verdicts, tables and runs.csv were not computed again. Its runs were.`,
    );
  problemsOf(report, 'environment.json', () => void bundle.json('environment.json', environment));
  let theirs: Materials | null = null as Materials | null;
  problemsOf(report, 'materials.json', () => {
    theirs = bundle.json('materials.json', materials);
  });
  const ours = await materialsOf(home, configsOf(opened));
  if (theirs) report.notes.push(...otherMaterials(theirs, ours));
  return report;
}

/** Data and weights of this machine that are not the bundle's. */
function otherMaterials(theirs: Materials, ours: Materials): string[] {
  const here = hashes(ours);
  return [...hashes(theirs)].flatMap(([name, sha256]) => {
    const found = here.get(name);
    if (found === sha256) return [];
    if (!found) return `${name} is not here.`;
    return `${name} has SHA-256 ${found.slice(0, 12)}… here and ${sha256.slice(0, 12)}… there.`;
  });
}

const hashes = ({ data, weights }: Materials): Map<string, string> =>
  new Map(
    [
      ...data.map(({ name: of, files }) => ({ of, files })),
      ...weights.map(({ model: of, files }) => ({ of, files })),
    ].flatMap(({ of, files }) => files.map(({ file, sha256 }): [string, string] => [`${of}: ${file}`, sha256])),
  );
