/** A document as a LaTeX table, no wider than the text, that needs booktabs and graphicx and no other package. */
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
  text
    .replace(/(?<![\w-])-(?=\d)/g, '−') // before a number alone: `-0.1`, not `2026-11-26` or `gpt-2`
    .replace(/[#%&$_{}]|[^\w\s]|\n/gu, (char) => commands[char] ?? (/[#%&$_{}]/.test(char) ? `\\${char}` : char));
const marked = ({ text, marks }: Marked): string =>
  escaped(text) + (marks.length ? `\\textsuperscript{${marks.join(',')}}` : '');
/** After a line's end LaTeX would take `[` or `*` for an option of it. */
const line = (cells: string[]): string => `    ${cells.join(' & ').replace(/^[[*]/, '{}$&')} \\\\`;

export function latex({ id, title, caption, header, rows, footnotes, sections }: Document): string {
  const notes = [
    ...footnotes.map((text, i) => `\\textsuperscript{${i + 1}} ${escaped(text)}`),
    ...sections.flatMap(({ title, lines }) => [`\\smallskip\\textit{${escaped(title)}}`, ...lines.map(escaped)]),
  ];
  return [
    '% needs \\usepackage{booktabs} and \\usepackage{graphicx}',
    '\\begin{table}[htbp]',
    '  \\centering\\small',
    `  \\caption{${escaped(title)}. ${escaped(caption)}}`,
    `  \\label{tab:${id}}`,
    '  \\setlength{\\tabcolsep}{4pt}',
    `  \\sbox0{\\begin{tabular}{@{}${header.map(alignment).join('')}@{}}`,
    '    \\toprule',
    line(header.map((column, i) => heading(column, Math.max(...rows.map((row) => row[i].text.length))))),
    '    \\midrule',
    ...rows.flatMap((row, i) => grouped(row, rows[i - 1])),
    '    \\bottomrule',
    '  \\end{tabular}}',
    '  \\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi',
    ...(notes.length ? ['  \\par\\medskip', '  \\begin{minipage}{\\linewidth}\\footnotesize\\raggedright'] : []),
    ...notes.map((note) => `    ${note}\\par`),
    ...(notes.length ? ['  \\end{minipage}'] : []),
    '\\end{table}',
    '',
  ].join('\n');
}

const alignment = ({ isNumber }: Document['header'][number]): string => (isNumber ? 'r' : 'l');

/** Words stacked in lines no longer than what stands below, where they can be. */
function heading(column: Document['header'][number], width: number): string {
  const lines: string[] = [];
  for (const word of column.text.split(' '))
    if (lines.length && `${lines.at(-1)} ${word}`.length <= width) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  if (lines.length === 1) return escaped(column.text);
  return `\\shortstack[${alignment(column)}]{${lines.map(escaped).join('\\\\')}}`;
}

/** Rows that begin alike say so once, and a gap parts them from the next. */
function grouped(row: Marked[], before: Marked[] | undefined): string[] {
  const cells = row.map(marked);
  if (!before) return [line(cells)];
  if (marked(before[0]) === cells[0] && cells.length > 1) return [line(['', ...cells.slice(1)])];
  return ['    \\addlinespace', line(cells)];
}
