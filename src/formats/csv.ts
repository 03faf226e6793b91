/**
 * CSV records as defined by RFC 4180, safe to open in a spreadsheet. Text that a spreadsheet would run as a formula gets a
 * single quote before it, as OWASP advises. This includes text after a semicolon or a tab, which some programs treat as the
 * beginning of a cell. Numbers stay numbers.
 */

export type CsvValue = string | number | boolean | null;

/** Matches the position where a formula begins. Quotes before it count as part of it, so that every text can be recovered. */
const formula = /^(?='*[=+\-@＝＋－＠\t\r])|(?<=[;\t\r\n])(?='*[=+\-@＝＋－＠])/g;

/** One record with its line end. Text with commas, quotes or line breaks is quoted. */
export function csvLine(values: readonly CsvValue[]): string {
  const cell = (value: CsvValue) => {
    const text = typeof value === 'string' ? value.replace(formula, "'") : value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${values.map(cell).join(',')}\r\n`;
}

/** A list in one cell: items joined by `separator`. Items that could not be told apart from their neighbours are quoted as in JSON. */
export const joined = (items: readonly string[], separator: string): string =>
  items.map((item) => (isPlain(item, separator) ? item : JSON.stringify(item))).join(separator);

const isPlain = (item: string, separator: string): boolean =>
  item !== '' && !/^["\s]|[\r\n\t]|\s$/.test(item) && !item.includes(separator.trim() || separator);
