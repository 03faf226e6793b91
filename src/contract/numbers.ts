/** Reads typed numbers: with a decimal point, without thousands separators. Pure. */

/** Reads `25` or `-1`; null for any other text, such as `1.000`, `1e3` and `0x10`. */
export function readWhole(text: string): number | null {
  const value = Number(text);
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(value) ? value : null;
}

/** Reads `0.001`, `.5`, `1e-3` or `25`; null for any other text. */
export function readDecimal(text: string): number | null {
  const value = Number(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(value) ? value : null;
}

/** A space and a sentence that says how to write the number that was probably meant; empty if unclear. */
export function numberHint(text: string): string {
  if (/^[1-9]\d{0,2}([.,'’ ]\d{3})+$/.test(text))
    return ` Write ${text.replace(/\D/g, '')} without thousands separators.`;
  if (/^\d+e\d+$/i.test(text) && Number.isSafeInteger(Number(text))) return ` Write ${Number(text)}.`;
  if (/^[+-]?\d*,\d+$/.test(text)) return ` Write ${text.replace(',', '.')} with a decimal point.`;
  return '';
}
