/** Estimates the width of text, to fit it into pixels without a browser. Pure. */

/** Assumed width of a letter at 12 px; most sans-serif fonts are slightly narrower. */
const letter = { plain: 6.9, bold: 7.5 };

export const textWidth = (text: string, weight: keyof typeof letter = 'plain', size = 12): number =>
  (text.length * letter[weight] * size) / 12;

/** Breaks text into lines of at most `most` pixels; a longer word gets its own line. */
export function wrapped(text: string, most: number, size = 12): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last && textWidth(`${last} ${word}`, 'plain', size) > most) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

/** Shortens text that is wider than `most` pixels, with `…` at its end. */
export const cutText = (text: string, most: number, size = 12): string =>
  textWidth(text, 'plain', size) <= most
    ? text
    : `${text.slice(0, Math.max(1, Math.floor((most * 12) / (letter.plain * size)) - 1)).trimEnd()}…`;
