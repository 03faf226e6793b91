/** Recomputes the statements of a bundle: the verdicts from its runs, and the files derived from both. */
import type { BundleReport } from '#contract/bundle';
import type { ExperimentConfig } from '#contract/config';
import { decisiveFields } from '#contract/decisiveFields';
import { isSameSetting } from '#contract/isSameSetting';
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

/** Judges the table from the replayed runs, and adds contradictions to the report's problems. */
function judgeAgain({ bundle, store, report }: OpenedBundle): TableState {
  const claimed = bundle.json('table.json', statement);
  report.table = claimed.table;
  const { profile, tolerance } = claimed;
  const table = tableOf(claimed.table);
  const wrong = (text: string) => report.problems.push(`table.json: ${text}`);
  const known = claimed.cells.flatMap((claim) => {
    const cell = table.cells.find(({ id }) => id === claim.id);
    if (!cell) {
      wrong(`${claim.id}: table ${table.id} has no such cell.`);
      return [];
    }
    if (!isSameJson(claim.published, cell.published))
      wrong(`${cell.id}: published ${jsonText(claim.published)}; this Permafrost has ${jsonText(cell.published)}.`);
    // a cell that takes the best of a sweep has no runs of its own; judgeTable finds the best again
    const ownRuns = cell.bestOf.length > 0 ? [] : claim.runs;
    const runs = store.rows(ownRuns.filter((id) => report.runs.includes(id))).map(runRowOf);
    for (const { id, seed } of runs) {
      const [wanted] = expand(cell, profile, [seed]).configs;
      const field = differingField(store.runs.get(id).config, wanted);
      if (field)
        wrong(
          `${cell.id}: ${id} has ${field} ${jsonText(store.runs.get(id).config[field])}; the cell needs ${jsonText(wanted[field])}.`,
        );
    }
    const { needs, notes, floor } = claim;
    const bySeed = runs.sort((a, b) => a.seed - b.seed);
    return [{ cell, needs, notes, floor, runs: bySeed }];
  });
  if (known.length !== table.cells.length) wrong(`expected ${table.cells.length} cells; found ${known.length}.`);
  const state = judgeTable(table, profile, tolerance, known, store.metrics.firstStep);
  for (const { cell, judgement } of state.results) {
    const claim = claimed.cells.find(({ id }) => id === cell.id)!;
    if (!isSameJson(claim.judgement, judgement))
      wrong(`${cell.id}: the verdict is ${jsonText(claim.judgement)}; its runs give ${jsonText(judgement)}.`);
  }
  if (!isSameJson(claimed.contrasts, state.contrasts))
    wrong(`the contrasts are ${jsonText(claimed.contrasts)}; the runs give ${jsonText(state.contrasts)}.`);
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
      report.problems.push(`${name}: it differs from the file computed from the runs.`);
  }
}

/** The first field that affects the result and differs between two configs; null if there is none. */
const differingField = (a: ExperimentConfig, b: ExperimentConfig) =>
  decisiveFields.find((field) => !isSameSetting(a[field], b[field])) ?? null;

/** Checks the statements of a bundle, and notes how data, weights and version of this machine differ from the bundle's. */
export async function verifyBundle(opened: OpenedBundle, home: string): Promise<BundleReport> {
  const { bundle, report } = opened;
  if (report.runs.length === 0) report.problems.push('The bundle has no valid runs.');
  // since older layouts, the cells, the rules of verdicts and the columns have changed
  if (bundle.manifest.version === bundleVersion) await checkDerived(opened);
  else
    report.notes.push(
      `The bundle has layout ${bundle.manifest.version}, and this Permafrost makes layout ${bundleVersion}. So its runs were checked, but its verdicts, tables and runs.csv were not.`,
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

/** One line for each file of data or weights that is missing here or differs from the bundle's. */
function otherMaterials(theirs: Materials, ours: Materials): string[] {
  const here = hashes(ours);
  return [...hashes(theirs)].flatMap(([name, sha256]) => {
    const found = here.get(name);
    if (found === sha256) return [];
    if (!found) return `${name} is not on this machine.`;
    return `${name} has SHA-256 ${found.slice(0, 12)}… here and ${sha256.slice(0, 12)}… in the bundle.`;
  });
}

const hashes = ({ data, weights }: Materials): Map<string, string> =>
  new Map(
    [
      ...data.map(({ name: of, files }) => ({ of, files })),
      ...weights.map(({ model: of, files }) => ({ of, files })),
    ].flatMap(({ of, files }) => files.map(({ file, sha256 }): [string, string] => [`${of}: ${file}`, sha256])),
  );
