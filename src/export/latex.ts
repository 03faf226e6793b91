/** A document as a LaTeX table that needs `\usepackage{booktabs}` and no other package. */
import type { Document, Marked } from './document.ts';

/** Characters that LaTeX reads as commands, or that its standard fonts lack. Letters with accents it reads itself. */
const commands: Record<string, string> = {
  ...{ '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' },
  ...{ '<': '\\textless{}', '>': '\\textgreater{}', '|': '\\textbar{}', '"': "''" },
  ...{ '±': '$\\pm$', '×': '$\\times$', '−': '$-$', '≤': '$\\le$', '≥': '$\\ge$', '→': '$\\to$', '·': '$\\cdot$' },
  ...{ '²': '$^2$', '³': '$^3$', σ: '$\\sigma$', μ: '$\\mu$', '…': '\\ldots{}', '–': '--', '—': '---', '’': "'" },
  ...{ '“': '``', '”': "''", '‘': '`', ' ': '~', '\n': ' ' },
};
const escaped = (text: string): string =>
  text.replace(/[#%&$_{}]|[^\w\s]|\n/gu, (char) => commands[char] ?? (/[#%&$_{}]/.test(char) ? `\\${char}` : char));
const marked = ({ text, marks }: Marked): string =>
  escaped(text) + (marks.length ? `\\textsuperscript{${marks.join(',')}}` : '');
/** After a line's end LaTeX would take `[` or `*` for an option of it. */
const line = (cells: string[]): string => `    ${cells.join(' & ').replace(/^[[*]/, '{}$&')} \\\\`;

export function latex({ id, title, caption, header, rows, footnotes, sections }: Document): string {
  const notes = [
    ...footnotes.map((text, i) => `\\textsuperscript{${i + 1}} ${escaped(text)}`),
    ...sections.flatMap((section) => [`\\textit{${escaped(section.title)}}`, ...section.lines.map(escaped)]),
  ];
  return [
    '% needs \\usepackage{booktabs}',
    '\\begin{table}[htbp]',
    '  \\centering\\small',
    `  \\caption{${escaped(title)}. ${escaped(caption)}}`,
    `  \\label{tab:${id}}`,
    `  \\begin{tabular}{${header.map(({ isNumber }) => (isNumber ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(header.map(({ text }) => escaped(text))),
    '    \\midrule',
    ...rows.flatMap((row, i) => grouped(row, rows[i - 1])),
    '    \\bottomrule',
    '  \\end{tabular}',
    ...(notes.length ? ['  \\par\\medskip', '  \\begin{minipage}{\\linewidth}\\footnotesize\\raggedright'] : []),
    ...notes.map((note) => `    ${note}\\par`),
    ...(notes.length ? ['  \\end{minipage}'] : []),
    '\\end{table}',
    '',
  ].join('\n');
}

/** Rows that begin alike say so once, and a gap parts them from the next. */
function grouped(row: Marked[], before: Marked[] | undefined): string[] {
  const cells = row.map(marked);
  if (!before) return [line(cells)];
  if (marked(before[0]) === cells[0] && cells.length > 1) return [line(['', ...cells.slice(1)])];
  return ['    \\addlinespace', line(cells)];
}
