/** Makes text from outside (names, tags, notes, messages) safe for a terminal: it cannot move the cursor or reverse the line. */

/** Control characters, direction marks, line separators and non-characters, except the joiners of scripts and emoji. */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const escaped = (char: string): string => escapes[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`;

const ascii = /^[\x20-\x7e]*$/;
/** Characters that are two columns wide. */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });
const longestLetter = 40; // code units: enough for a family emoji, and a limit on combining accents
const columnsOf = (letter: string): number => (wide.test(letter) ? 2 : 1);

/** A text on one line of at most `most` columns, shortened with an ellipsis. */
export function printable(text: string, most = Number.POSITIVE_INFINITY): string {
  // every letter takes at least one column, so the rest would not be visible
  const head = text.length > most * longestLetter ? text.slice(0, most * longestLetter) : text;
  const line = head.replace(unprintable, escaped);
  if (ascii.test(line)) return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
  if (most === Number.POSITIVE_INFINITY) return line;
  let [shown, width] = ['', 0];
  let whole = '';
  for (const { segment } of letters.segment(line)) {
    width += columnsOf(segment);
    if (width > most) return `${shown}…`;
    whole += segment.slice(0, longestLetter);
    if (width < most) shown = whole;
  }
  return whole;
}

/** {@link printable} for each line of a text. */
export const printableLines = (text: string, most?: number): string =>
  text
    .split('\n')
    .map((line) => printable(line, most))
    .join('\n');

/** The number of columns of a printable text. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of letters.segment(text)) width += columnsOf(segment);
  return width;
}
