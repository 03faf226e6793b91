/** Records of CSV as RFC 4180 has them. */

export type CsvValue = string | number | boolean | null;

/** One record with its line end. Text with commas, quotes or line breaks is quoted. */
export function csvLine(values: readonly CsvValue[]): string {
  const cell = (value: CsvValue) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${values.map(cell).join(',')}\r\n`;
}
