/** Recomputes the statements of a bundle: verdicts from its runs, and the files derived from both. */
import type { BundleReport } from '#contract/bundle';
import { configFields, type ExperimentConfig } from '#contract/config';
import { runSchema } from '#contract/run';
import type { TableState } from '#contract/tableState';
import { bundleVersion, environment, type Materials, materials, statement } from '#export/bundle';
import { expand } from '#papers/expand';
import { tableOf } from '#papers/published';
import { hashMaterials } from './bundleMaterials.ts';
import { judgeTable } from './judgeTable.ts';
import { byTime, derivedFiles } from './makeBundle.ts';
import { configsOf, isSameJson, jsonText, type OpenedBundle, recordProblems } from './openBundle.ts';
import { runRowOf } from './runRow.ts';

/** Judges the table from the replayed runs and adds contradictions to the problems. */
function judgeAgain({ bundle, store, report }: OpenedBundle): TableState {
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
    if (!isSameJson(claim.published, cell.published))
      wrong(`${cell.id}: published ${jsonText(claim.published)}; this Permafrost has ${jsonText(cell.published)}.`);
    // a cell that takes the best of a sweep has no runs of its own: which are the best is found again
    const claimed = cell.bestOf.length > 0 ? [] : claim.runs;
    const runs = store.rows(claimed.filter((id) => report.runs.includes(id))).map(runRowOf);
    for (const { id, seed } of runs) {
      const [wanted] = expand(cell, profile, [seed]).configs;
      const field = differingField(store.runs.get(id).config, wanted);
      if (field)
        wrong(
          `${cell.id}: ${id} has ${field} ${jsonText(store.runs.get(id).config[field])}; the cell asks for ${jsonText(wanted[field])}.`,
        );
    }
    const { needs, notes, floor } = claim;
    const bySeed = runs.sort((a, b) => a.seed - b.seed);
    return [{ cell, needs, notes, floor, runs: bySeed }];
  });
  if (known.length !== table.cells.length) wrong(`it has ${known.length} of ${table.cells.length} cells.`);
  const state = judgeTable(table, profile, tolerance, known, store.metrics.firstStep);
  for (const { cell, judgement } of state.results) {
    const claim = said.cells.find(({ id }) => id === cell.id)!;
    if (!isSameJson(claim.judgement, judgement))
      wrong(`${cell.id}: the verdict is ${jsonText(claim.judgement)}; its runs give ${jsonText(judgement)}.`);
  }
  if (!isSameJson(said.contrasts, state.contrasts))
    wrong(`the contrasts are ${jsonText(said.contrasts)}; the runs give ${jsonText(state.contrasts)}.`);
  return state;
}

/** Judges the bundle's table and compares the derived files with new ones. */
async function checkDerived(opened: OpenedBundle): Promise<void> {
  const { bundle, store, report } = opened;
  let state: TableState | null = null;
  if (bundle.has('table.json'))
    recordProblems(report, 'table.json', () => {
      state = judgeAgain(opened);
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

/** The first differing field of two configs that affects the result; null where there is none. */
const differingField = (a: ExperimentConfig, b: ExperimentConfig) =>
  configFields.find((field) => field !== 'name' && field !== 'device' && !isSameJson(a[field], b[field])) ?? null;

/** Checks what a bundle states, and adds how this machine's data, weights and version differ to the notes. */
export async function verifyBundle(opened: OpenedBundle, home: string): Promise<BundleReport> {
  const { bundle, report } = opened;
  if (report.runs.length === 0) report.problems.push('It holds no run.');
  // cells, rules of judgement and columns have changed since an older bundle was made
  if (bundle.manifest.version === bundleVersion) await checkDerived(opened);
  else
    report.notes.push(
      `the bundle has layout ${bundle.manifest.version} and this Permafrost makes layout ${bundleVersion}: verdicts, tables and runs.csv were not computed again. Its runs were.`,
    );
  recordProblems(report, 'environment.json', () => void bundle.json('environment.json', environment));
  let theirs: Materials | null = null as Materials | null;
  recordProblems(report, 'materials.json', () => {
    theirs = bundle.json('materials.json', materials);
  });
  const ours = await hashMaterials(home, configsOf(opened));
  if (theirs) report.notes.push(...otherMaterials(theirs, ours));
  return report;
}

/** Data and weights that are missing here or differ from the bundle's. */
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
