/** Tab-separated tables with a header line, without quoting: the files of the Therapeutics Data Commons and of ListOps. */
import { PermafrostError } from '#contract/errors';
import { readText } from './text.ts';

/**
 * The named columns of a table, each as its cells in order; columns nobody asked for are left out. A cell in double quotes
 * loses them, as Dataverse writes texts. Throws `data` naming `name`, the line and what was expected.
 */
export function readTsv<Column extends string>(
  bytes: Uint8Array,
  columns: readonly Column[],
  name: string,
): Record<Column, string[]> {
  const fail = (what: string) => new PermafrostError('data', `${name}: ${what} Get the file again.`);
  const lines = readText(bytes, fail).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const header = (lines[0] ?? '').split('\t').map(bare);
  const places = columns.map((column) => {
    const place = header.indexOf(column);
    if (place >= 0) return place;
    throw fail(`expected a column "${column}"; its first line has ${header.slice(0, 10).join(', ') || 'nothing'}.`);
  });
  const table = Object.fromEntries(columns.map((column) => [column, [] as string[]])) as Record<Column, string[]>;
  for (let line = 1; line < lines.length; line++) {
    const cells = lines[line].split('\t');
    if (cells.length !== header.length)
      throw fail(`line ${line + 1} has ${cells.length} cells; its header has ${header.length}.`);
    for (const [i, column] of columns.entries()) table[column].push(bare(cells[places[i]]));
  }
  return table;
}

const bare = (cell: string): string =>
  cell.length > 1 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell;
