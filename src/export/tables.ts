/** A published table with what answers it here, as a file. */
import type { TableState } from '#contract/papers';
import { type CsvValue, csvLine } from '#formats/csv';

/** A record per cell, after a header. */
export function* answersCsv({ answers, profile }: TableState): Generator<string> {
  yield csvLine([
    'cell',
    'row',
    'column',
    'profile',
    'metric',
    'published',
    'published_spread',
    'published_runs',
    'source',
    'certainty',
    'floor',
    'on_floor',
    'ours',
    'low_95',
    'high_95',
    'seeds',
    'verdict',
    'more_seeds',
    'tolerance',
    'runs',
    'notes',
    'needs',
  ]);
  for (const answer of answers) {
    const { cell, floor, onFloor, needs, notes, metric, runs, judgement: j } = answer;
    const p = cell.published;
    const values: CsvValue[] = [cell.id, cell.row, cell.column, profile, metric];
    values.push(p?.value ?? null, p?.spread ?? null, p?.runs ?? null, p?.source ?? null, p?.certainty ?? null);
    values.push(
      floor?.value ?? null,
      p ? String(onFloor) : null,
      j.mean,
      j.low,
      j.high,
      j.seeds,
      needs ? 'not run' : j.verdict,
      j.moreSeeds,
      j.tolerance,
      runs.map((run) => run.id).join(' '),
      notes.join('; '),
      needs,
    );
    yield csvLine(values);
  }
}
