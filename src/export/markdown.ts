/** Writes a document as GitHub's Markdown: a table with footnotes. */
import type { Document, Marked } from './document.ts';

/** Escapes Markdown's markup and GitHub's formulas; replaces line breaks, which would end a table row. */
const escaped = (text: string): string => text.replace(/[\\`*_[\]<>|$~]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
const marked = ({ text, marks }: Marked): string => escaped(text) + marks.map((mark) => `[^${mark}]`).join('');
const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;

export function markdown({ title, caption, header, rows, footnotes, sections }: Document): string {
  return [
    `# ${escaped(title)}`,
    '',
    escaped(caption),
    '',
    line(header.map(({ text }) => escaped(text))),
    line(header.map(({ isNumber }) => (isNumber ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(marked))),
    ...sections.flatMap((section) => [
      '',
      `## ${escaped(section.title)}`,
      '',
      ...section.lines.map((text) => `- ${escaped(text)}`),
    ]),
    ...(footnotes.length ? ['', ...footnotes.map((text, i) => `[^${i + 1}]: ${escaped(text)}`)] : []),
    '',
  ].join('\n');
}
