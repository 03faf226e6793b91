/** Rules that every home must satisfy at the end; each returns a sentence per violation. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Run, restingStates } from '#contract/run';
import { readRunConfig } from '#runFolder/config';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { rebuild } from '#store/rebuild';
import { openStore, type Store } from '#store/store';
import { outcomeOf } from '../trainer/lab.ts';
import type { Ended, Place } from './place.ts';

/** Code 1 is a bug; null stands for a killed command. */
export function saysWhatItDoes({ command, code, stdout, stderr }: Ended, codes: readonly (number | null)[]): string[] {
  const words = command.join(' ');
  const said = `${stdout}${stderr}`;
  const problems = codes.includes(code) ? [] : [`${words} ended with ${code}, not ${codes}: ${stderr.slice(-800)}`];
  if (/internal:|^\s+at .*:\d+:\d+\)?$/m.test(said)) problems.push(`${words} shows a bug: ${said.slice(-800)}`);
  return problems;
}

export const runFolders = ({ home }: Place): string[] => {
  const runs = join(home, 'runs');
  return existsSync(runs) ? readdirSync(runs).map((id) => join(runs, id)) : [];
};

/** The result of each finished run by its settings, without times and names; equal in every undisturbed home. */
export function resultsOf(place: Place): string[] {
  const results = runFolders(place).flatMap((folder) => {
    const files = runFiles(folder);
    const entries = [...readEntries(files.journal, { kinds: ['ended'] })];
    const isFinished = entries.some(({ body }) => body.kind === 'ended' && body.state === 'finished');
    return isFinished ? JSON.stringify([readRunConfig(folder).config, outcomeOf({ folder, files })]) : [];
  });
  return results.sort();
}

/** Files that may exist only while a process works. */
const passing = /\.(draft|tmp|incomplete|lock|lease)$|lease\.json$|^apps\/.+|permafrost-trash/;

export function leftovers(place: Place): string[] {
  const names = readdirSync(place.root, { recursive: true, encoding: 'utf8' });
  const found = names.filter((name) => !name.startsWith('tmp/') && passing.test(name.replace(/^home\//, '')));
  return found.map((name) => `${name} is left over`);
}

/** Every run rests, and a run that has finished in its journal has finished in the store. */
export function runsRest(runs: readonly Run[], place: Place): string[] {
  const finished = new Set(
    runFolders(place).filter((folder) =>
      [...readEntries(runFiles(folder).journal, { kinds: ['ended'] })].some(
        ({ body }) => body.kind === 'ended' && body.state === 'finished',
      ),
    ),
  );
  return runs.flatMap(({ id, state }) => {
    if (!restingStates.includes(state)) return [`${id} is ${state} without a trainer`];
    return finished.has(join(place.home, 'runs', id)) && state !== 'finished' ? [`${id} finished but is ${state}`] : [];
  });
}

/** The store equals one that is rebuilt from the folders alone. */
export async function storeMatchesFolders({ home }: Place): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'permafrost-rebuilt-'));
  const store = await openStore(join(home, 'permafrost.db'), { reads: true });
  const rebuilt = await openStore(':memory:');
  try {
    cpSync(join(home, 'runs'), join(copy, 'runs'), { recursive: true });
    const found = await rebuild(rebuilt, join(copy, 'runs'));
    const problems = [...found.unreadable, ...found.damaged].map((line) => `rebuild: ${line}`);
    const [are, shouldBe] = [store, rebuilt].map(byId);
    for (const id of new Set([...are.keys(), ...shouldBe.keys()]))
      if (!isDeepStrictEqual(are.get(id), shouldBe.get(id)))
        problems.push(`${id} in the store: ${brief(are.get(id))}; from its folder: ${brief(shouldBe.get(id))}`);
    return problems;
  } finally {
    rebuilt.close();
    store.close();
    rmSync(copy, { recursive: true });
  }
}

const byId = ({ runs, metrics }: Store) =>
  new Map(runs.list().map((run) => [run.id, { run, marks: runs.marks(run.id), rows: [...metrics.rows(run.id)] }]));

const brief = (known: { run: Run; rows: unknown[] } | undefined): string => {
  if (!known) return 'nothing';
  const { state, step, reason, tags, result } = known.run;
  return `${state} at ${step}, ${known.rows.length} rows, ${JSON.stringify({ reason, tags, value: result?.value })}`;
};
