/**
 * CSV records as defined by RFC 4180, safe to open in a spreadsheet. A single quote goes before text that a spreadsheet would
 * run as a formula, as OWASP advises. This includes text that begins a cell for programs that split at semicolons or tabs.
 * Numbers stay numbers. {@link plainText} removes the quotes again.
 */

export type CsvValue = string | number | boolean | null;

/** Where a formula would begin. Quotes already there count as part of it, so that every text survives the round trip. */
const formula = /^(?='*[=+\-@＝＋－＠\t\r])|(?<=[;\t\r\n])(?='*[=+\-@＝＋－＠])/g;
const disarmed = /^'(?='*[=+\-@＝＋－＠\t\r])|(?<=[;\t\r\n])'(?='*[=+\-@＝＋－＠])/g;

/** One record with its line end. Text with commas, quotes or line breaks is quoted. */
export function csvLine(values: readonly CsvValue[]): string {
  const cell = (value: CsvValue) => {
    const text = typeof value === 'string' ? value.replace(formula, "'") : value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${values.map(cell).join(',')}\r\n`;
}

/** The original text of a cell that {@link csvLine} wrote. */
export const plainText = (cell: string): string => cell.replace(disarmed, '');

/** A list in one cell: items joined by `separator`. An item that could not be split off again is written as a JSON string. */
export const joined = (items: readonly string[], separator: string): string =>
  items.map((item) => (isPlain(item, separator) ? item : JSON.stringify(item))).join(separator);

const isPlain = (item: string, separator: string): boolean =>
  item !== '' && !/^["\s]|[\r\n\t]|\s$/.test(item) && !item.includes(separator.trim() || separator);
