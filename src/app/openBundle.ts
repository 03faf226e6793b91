/** Opens an untrusted bundle: replays its runs from their journals and compares them with the bundle's statements. */
import { z } from 'zod';
import type { BundleReport } from '#contract/bundle';
import type { ExperimentConfig } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { changedTensors, frozenProof } from '#contract/frozen';
import { decodeEntry, type JournalEntry, runSchema } from '#contract/run';
import { withOpenFile } from '#disk/source';
import { type Bundle, readBundle } from '#export/bundle';
import { openStore, type Store } from '#store/store';

const configFile = z.object({
  id: z.string(),
  createdAt: z.number(),
  name: z.unknown(),
  params: z.unknown(),
  args: z.unknown(),
});

/** A bundle whose runs were replayed from their journals into a temporary store. */
export interface OpenedBundle {
  bundle: Bundle;
  store: Store;
  report: BundleReport;
}

export async function withBundle<T>(path: string, use: (opened: OpenedBundle) => T | Promise<T>): Promise<T> {
  const store = await openStore(''); // a temporary file of SQLite, so that long journals do not fill the memory
  try {
    return await withOpenFile(path, async (source) => {
      const problems: string[] = [];
      const bundle = readBundle(source, path, (problem) => problems.push(problem));
      const { manifest, digest, runs } = bundle;
      const found = { made: manifest.made, digest, files: manifest.files.length, runs };
      const report: BundleReport = { ...found, table: null, problems, notes: [] };
      replay(bundle, store, report);
      return use({ bundle, store, report });
    });
  } finally {
    store.close();
  }
}

/** Returns whether `check` passes. Every error counts as a problem of the bundle, since its maker may be hostile. */
export function recordProblems({ problems }: BundleReport, where: string, check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    const { message } = error as Error;
    const problem = error instanceof PermafrostError ? message : `${where}: ${message}`;
    if (!problems.includes(problem)) problems.push(problem); // a damaged file fails at its hash and at every read
    return false;
  }
}

/** Adds every run to the store from its config and its journal, and compares it with the bundle's statements. */
function replay(bundle: Bundle, store: Store, report: BundleReport): void {
  const replayed = report.runs.filter((id) =>
    recordProblems(report, `runs/${id}`, () => {
      const path = `runs/${id}/config.json`;
      const { createdAt, id: own, ...file } = bundle.json(path, configFile);
      if (own !== id) throw new PermafrostError('data', `${path}: expected the config of ${id}; found that of ${own}.`);
      store.runs.add({ id, config: openConfig(file), createdAt }, 'paused');
      for (const entries of journalOf(bundle, id)) store.apply(id, entries);
    }),
  );
  for (const id of replayed) recordProblems(report, `runs/${id}`, () => checkRun(bundle, store, id, report));
  report.runs = replayed;
}

/** The entries of a journal, in batches. Throws `data` for a line that is damaged or out of order. */
function* journalOf(bundle: Bundle, id: string): Generator<JournalEntry[]> {
  const path = `runs/${id}/journal.jsonl`;
  let [entries, number, size]: [JournalEntry[], number, number] = [[], 0, 0];
  for (const line of bundle.lines(path)) {
    const problem = (what: string) => new PermafrostError('data', `${path}, line ${number}: ${what}`);
    number++;
    if (!line.endsWith('\n')) throw problem('the line is incomplete.');
    const entry = decodeEntry(line.slice(0, -1));
    if (!entry) throw problem('expected an entry with a valid CRC-32.');
    if (entry.seq !== number) throw problem(`expected entry ${number}; found entry ${entry.seq}.`);
    entries.push(entry);
    size += line.length;
    if (size < batchSize) continue;
    yield entries;
    [entries, size] = [[], 0];
  }
  yield entries;
}
const batchSize = 2 ** 20; // characters

function checkRun(bundle: Bundle, store: Store, id: string, { problems }: BundleReport): void {
  const path = `runs/${id}/run.json`;
  const stated = bundle.json(path, runSchema) as Record<string, unknown>;
  const found = { ...store.runs.get(id), tags: stated.tags } as Record<string, unknown>; // tags are not in journals
  for (const key of Object.keys(found)) {
    if (!isSameJson(stated[key], found[key]))
      problems.push(`${path}: ${key} is ${jsonText(stated[key])}; config and journal say ${jsonText(found[key])}.`);
  }
  const [row] = store.rows([id]);
  const last100 = store.runs.get(id).result?.last100;
  if (last100 !== undefined && (row.recent === null || Math.abs(row.recent - last100) > 1e-9 * Math.abs(last100)))
    problems.push(
      `${path}: the mean of the last test metrics is ${last100}; the journal's metrics give ${row.recent}.`,
    );
  if (!bundle.has(`runs/${id}/frozen.json`)) return;
  const changed = changedTensors(bundle.json(`runs/${id}/frozen.json`, frozenProof));
  for (const { name } of changed) problems.push(`runs/${id}/frozen.json: the frozen weight ${name} changed.`);
}

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([k, v]) => [k, sorted(v)]),
      )
    : Array.isArray(value)
      ? value.map(sorted)
      : value;
/** Whether two values are equal as JSON, regardless of the order of their fields. */
export const isSameJson = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
export const jsonText = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

export const configsOf = ({ store, report }: OpenedBundle): ExperimentConfig[] =>
  report.runs.map((id) => store.runs.get(id).config);
