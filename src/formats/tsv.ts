/** Tab-separated tables with a header line and without quoting, such as those of the Therapeutics Data Commons and of ListOps. */
import { PermafrostError } from '#contract/errors';
import { readText } from './text.ts';

const longestLine = 2 ** 20; // bytes; an expression of ListOps has 20 kB

/** The cells of the requested columns in a line. */
export type TsvRow<Column extends string> = { line: number; cells: Record<Column, string> };

/**
 * Reads some columns of a table that arrives in pieces of any size. Removes double quotes around cells, which Dataverse adds to
 * text. Throws `data` with `name`, the line and what was expected.
 */
export function* tsvRows<Column extends string>(
  chunks: Iterable<Uint8Array>,
  columns: readonly Column[],
  name: string,
): Generator<TsvRow<Column>> {
  const fail = (what: string) => new PermafrostError('data', `${name}: ${what} Get the file again.`);
  let places: number[] = [];
  let width = 0;
  let line = 0;
  for (const text of lines(chunks, fail)) {
    const cells = text.split('\t');
    if (++line === 1) {
      width = cells.length;
      places = columns.map((column) => placeOf(column, cells.map(bare), fail));
      continue;
    }
    if (cells.length !== width) throw fail(`line ${line} has ${cells.length} cells; its header has ${width}.`);
    const found = columns.map((column, i): [Column, string] => [column, bare(cells[places[i]])]);
    yield { line, cells: Object.fromEntries(found) as Record<Column, string> };
  }
  if (line === 0) placeOf(columns[0], [], fail);
}

type Fail = (what: string) => PermafrostError;

function placeOf(column: string, header: readonly string[], fail: Fail): number {
  const place = header.indexOf(column);
  if (place >= 0) return place;
  const found = header.slice(0, 10).join(', ').slice(0, 200);
  throw fail(`expected a column "${column}"; its first line has ${found || 'nothing'}.`);
}

/** Lines without line ends. The last line may lack its line end. */
function* lines(chunks: Iterable<Uint8Array>, fail: Fail): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  const decode = (bytes: Uint8Array): string => {
    if (isFirst) {
      isFirst = false;
      return readText(bytes, fail).replace(/\r$/, ''); // the file may begin with a byte-order mark
    }
    try {
      return decoder.decode(bytes).replace(/\r$/, '');
    } catch {
      throw fail('it is not text in UTF-8.');
    }
  };
  let rest = new Uint8Array(0);
  for (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield decode(joined(rest, chunk.subarray(start, end), fail));
      rest = new Uint8Array(0);
      start = end + 1;
    }
    rest = joined(rest, chunk.subarray(start), fail);
  }
  if (rest.length > 0) yield decode(rest);
}

function joined(before: Uint8Array<ArrayBuffer>, after: Uint8Array, fail: Fail): Uint8Array<ArrayBuffer> {
  const length = before.length + after.length;
  if (length > longestLine) throw fail(`it has a line of more than ${longestLine} bytes.`);
  const bytes = new Uint8Array(length);
  bytes.set(before);
  bytes.set(after, before.length);
  return bytes;
}

const bare = (cell: string): string =>
  cell.length > 1 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell;
