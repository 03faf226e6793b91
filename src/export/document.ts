/** A table to be written as Markdown or LaTeX: its texts, without markup. Pure. */

/** A text with the numbers of its footnotes, counted from 1. */
export interface Marked {
  text: string;
  marks: number[];
}

export interface Document {
  /** Label for references: letters, digits and dashes. */
  id: string;
  title: string;
  /** One or two sentences about the basis of the numbers. */
  caption: string;
  /** `isNumber` columns are aligned to the right. */
  header: { text: string; isNumber: boolean }[];
  rows: Marked[][];
  footnotes: string[];
  /** Notes below the table: a heading and its lines. */
  sections: { title: string; lines: string[] }[];
}

export const plain = (text: string): Marked => ({ text, marks: [] });

/** Numbers footnotes in the order of their first use; equal texts share a number. */
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
