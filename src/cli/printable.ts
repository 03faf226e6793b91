/** Text from outside (names, tags, notes, messages) as a terminal can show it: nothing in it moves the cursor or turns the line around. */

/** Controls, marks of direction, line separators and what is no character; joiners stay, for scripts and emoji need them. */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const escaped = (char: string): string => escapes[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`;

const ascii = /^[\x20-\x7e]*$/;
/** Characters two columns wide. */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });
const longestLetter = 40; // code units: an emoji of a family; accents can be piled up without end
const columnsOf = (letter: string): number => (wide.test(letter) ? 2 : 1);

/** A text in one line of at most `most` columns; what is cut off leaves an ellipsis. */
export function printable(text: string, most = Number.POSITIVE_INFINITY): string {
  // no letter takes less than a column, so nothing after these can be seen
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

/** A text of several lines, each as {@link printable} has it. */
export const printableLines = (text: string, most?: number): string =>
  text
    .split('\n')
    .map((line) => printable(line, most))
    .join('\n');

/** How many columns a printable text takes. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of letters.segment(text)) width += columnsOf(segment);
  return width;
}
