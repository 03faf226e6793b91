/** Writes the mean of each config over its seeds, with its 95 % interval, as CSV and as a document. */
import type { ConfigField } from '#contract/config';
import { configDiff, type FieldDifference } from '#contract/configDiff';
import { numberText } from '#contract/format';
import { bestNumber, groupRuns, type Mean, marginText, type RunGroup, sameGroup } from '#contract/groups';
import { type RunRow, type Setting, settingOf } from '#contract/runRow';
import { csvLine, joined } from '#formats/csv';
import { type Document, footnotes, type Marked, plain } from './document.ts';

interface Means {
  groups: RunGroup[];
  /** Settings that differ between groups, with one value for each group. */
  differences: FieldDifference[];
}

function meansOf(rows: readonly RunRow[]): Means {
  const groups = groupRuns(rows);
  const found = configDiff(groups.map((group) => group.rows[0])).filter(({ field }) => !sameGroup.has(field));
  // the task comes first, since other settings depend on it; then fields from slowest to fastest, as in a grid
  const changes = ({ field, values }: FieldDifference) =>
    field === 'task' ? 0 : values.filter((value, i) => i > 0 && value !== values[i - 1]).length;
  return { groups, differences: found.sort((a, b) => changes(a) - changes(b)) };
}

const written = (value: Setting): string => (value === null ? '' : String(value));
const idsOf = ({ rows }: RunGroup): string =>
  joined(
    rows.map(({ id }) => id),
    ' ',
  );

/** A header, then a record for each config: the fields in which configs differ, and the mean of its finished runs. */
export function* meansCsv(rows: readonly RunRow[]): Generator<string> {
  const { groups, differences } = meansOf(rows);
  const fields = differences.map(({ field }) => field);
  yield csvLine([...fields, 'metric', 'mean', 'low_95', 'high_95', 'seeds', 'runs']);
  for (const [i, group] of groups.entries()) {
    const { mean = null, low = null, high = null, n = 0 } = group.means.value ?? {};
    const settings = differences.map(({ values }) => values[i]);
    yield csvLine([...settings, group.rows[0].metric, mean, low, high, n, idsOf(group)]);
  }
}

/** The means as a document, with the settings that all runs share. `date` is printed unchanged. */
export function meansDocument(rows: readonly RunRow[], date: string): Document {
  const { groups, differences } = meansOf(rows);
  const metrics = [...new Set(groups.map((group) => group.rows[0].metric))];
  const metric = metrics.length === 1 ? metrics[0] : null;
  const means = groups.map((group) => group.means.value?.mean ?? null);
  const best = metric && bestNumber(means, metric);
  const notes = footnotes();
  const resultOf = (group: RunGroup): Marked => ({
    text: meanText(group.means.value),
    marks: [
      ...(best !== null && group.means.value?.mean === best ? [notes.mark('The best mean.')] : []),
      ...(group.means.value?.n === 1 ? [notes.mark('One seed: the interval shows only evaluation noise.')] : []),
    ],
  });
  return {
    id: 'means',
    title: 'Means over seeds',
    caption: `Mean of the final evaluation and its 95 % interval over seeds, never narrower than evaluation noise; ${date}.`,
    header: [
      ...differences.map((difference) => column(difference.label, isNumber(difference))),
      ...(metric ? [] : [column('Metric')]),
      ...[column(metric ? `Mean ${metric}` : 'Mean', true), column('Seeds', true)],
    ],
    rows: groups.map((group, i) => [
      ...differences.map(({ values }) => plain(written(values[i]) || '–')),
      ...(metric ? [] : [plain(group.rows[0].metric ?? '')]),
      ...[resultOf(group), plain(seedsText(group))],
    ]),
    footnotes: notes.texts,
    sections: [{ title: 'Settings of all runs', lines: [sharedSettings(rows)] }].filter(({ lines: [text] }) => text),
  };
}

const column = (text: string, isNumber = false) => ({ text, isNumber });
const isNumber = ({ values }: FieldDifference): boolean => values.every((value) => typeof value === 'number');

function meanText(mean: Mean | null): string {
  if (!mean) return '–';
  return `${numberText(mean.mean)} ${marginText(mean, (value) => numberText(value, 2))}`.trimEnd();
}

/** `3`, or `2 of 3` if some runs have no result. */
const seedsText = ({ rows, means }: RunGroup): string =>
  means.value?.n === rows.length ? String(rows.length) : `${means.value?.n ?? 0} of ${rows.length}`;

/** Settings that all runs share, except defaults. */
function sharedSettings(rows: readonly RunRow[]): string {
  const fields = Object.keys(rows[0]?.settings ?? {}) as ConfigField[];
  return fields
    .filter((field) => !sameGroup.has(field))
    .filter((field) => new Set(rows.map((row) => settingOf(row, field))).size === 1)
    .map((field) => `${field} = ${written(settingOf(rows[0], field)) || 'none'}`)
    .join(', ');
}
