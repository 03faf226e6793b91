/** A table as people read it, before it is Markdown or LaTeX: texts without markup. Pure. */

/** A text with the numbers (from 1) of the footnotes that it refers to. */
export interface Marked {
  text: string;
  marks: number[];
}

export interface Document {
  /** For references to it: letters, digits and dashes. */
  id: string;
  title: string;
  /** Basis of the numbers, in a sentence or two. */
  caption: string;
  /** `isNumber` columns are aligned to the right. */
  header: { text: string; isNumber: boolean }[];
  rows: Marked[][];
  footnotes: string[];
  /** Notes below the table: a heading and its lines. */
  sections: { title: string; lines: string[] }[];
}

export const plain = (text: string): Marked => ({ text, marks: [] });

/** Numbers texts in the order of the first request; equal texts share a number. */
export function footnotes() {
  const texts: string[] = [];
  return {
    texts,
    mark(text: string): number {
      const known = texts.indexOf(text);
      return known >= 0 ? known + 1 : texts.push(text);
    },
  };
}
