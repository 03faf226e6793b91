/** `permafrost tables`: prints published numbers with their sources. */
import { numberText } from '#contract/format';
import type { Cell } from '#contract/paperTable';
import { knownText, settingsText } from '#contract/tableText';
import { absentTables, tableOf, tables } from '#papers/published';
import { alignColumns, type CommandRow, print } from './command.ts';

export const tablesCommand: CommandRow = {
  add(program) {
    program
      .command('tables')
      .description('list the published tables, or show the cells of one table with their numbers and sources')
      .argument('[table]', 'id of the table')
      .option('--json', 'print every table with its cells, published values, settings and sources as one JSON object')
      .action((id: string | undefined, { json }: { json?: boolean }) => {
        const chosen = id === undefined ? tables : [tableOf(id)];
        const value = { tables: chosen, ...(id === undefined ? { absent: absentTables } : {}) };
        print(json, value, () => (id === undefined ? list() : cellsOf(id)));
      });
  },
};

const list = (): string =>
  [
    alignColumns(
      ['table', 'cells', 'published', 'title'],
      tables.map(({ id, title, cells }) => [
        id,
        String(cells.length),
        String(cells.filter(({ published }) => published).length),
        title,
      ]),
    ),
    ...(absentTables.length > 0 ? ['', 'Published tables that are left out:'] : []),
    ...absentTables.map(({ title, why }) => `  ${title}. ${why}`),
  ].join('\n');

function cellsOf(id: string): string {
  const { title, note, cells, settings } = tableOf(id);
  const rows = cells.map(({ row, column, published: p, beside }) => [
    row,
    column,
    p?.metric ?? '',
    p ? numberText(p.value) : '–',
    p?.spread ? numberText(p.spread, 2) : '',
    p?.runs ? String(p.runs) : '',
    p?.trainable ? String(p.trainable) : '',
    beside.map(({ value }) => numberText(value)).join(' '),
    p?.certainty ?? '',
    p?.wandb?.join(' ') ?? '',
  ]);
  const header = ['row', 'column', 'metric', 'published', 'spread', 'runs', 'trained', 'others', 'certainty', 'wandb'];
  const lines = (of: (cell: Cell) => (string | null | undefined)[]) => [
    ...new Set(cells.flatMap((cell) => of(cell).flatMap((text) => (text ? [`  ${text}`] : [])))),
  ];
  const section = (heading: string, texts: string[]) => (texts.length ? ['', heading, ...texts] : []);
  return [
    ...[title, ...(note ? [note] : []), '', alignColumns(header, rows)],
    ...section(
      'Sources:',
      lines(({ published, beside }) => [published, ...beside].map((p) => p?.source)),
    ),
    ...section(
      'Settings and their sources (* matches any text; later lines override earlier ones):',
      settings.map(
        (row) => `  ${row.cells.join(', ')}: ${settingsText(row.settings)}. ${knownText[row.known]}: ${row.from}.`,
      ),
    ),
    ...section(
      'Notes:',
      lines(({ row, column, published: p }) => [p?.note && `${row} ${column}: ${p.note}`]),
    ),
    ...section(
      'Permafrost cannot do:',
      lines(({ row, column, beyond }) => [beyond && `${row} ${column}: ${beyond}`]),
    ),
  ].join('\n');
}
