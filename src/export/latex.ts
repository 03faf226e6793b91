/**
 * Writes a document as a LaTeX table, no wider than the text, that needs only booktabs and graphicx. It compiles with pdfLaTeX,
 * LuaLaTeX and XeLaTeX; pdfLaTeX prints letters that its fonts lack as code points.
 */
import type { Document, Marked } from './document.ts';

const greek = {
  ...{ α: 'alpha', β: 'beta', γ: 'gamma', δ: 'delta', ε: 'varepsilon', ζ: 'zeta', η: 'eta', θ: 'theta', ι: 'iota' },
  ...{ κ: 'kappa', λ: 'lambda', μ: 'mu', ν: 'nu', ξ: 'xi', π: 'pi', ρ: 'rho', σ: 'sigma', ς: 'varsigma', τ: 'tau' },
  ...{ υ: 'upsilon', φ: 'varphi', χ: 'chi', ψ: 'psi', ω: 'omega', Γ: 'Gamma', Δ: 'Delta', Θ: 'Theta', Λ: 'Lambda' },
  ...{ Ξ: 'Xi', Π: 'Pi', Σ: 'Sigma', Φ: 'Phi', Ψ: 'Psi', Ω: 'Omega', µ: 'mu' },
};

/** Characters that LaTeX reads as commands, or that its standard fonts have only as formulas or ligatures. */
const commands: Record<string, string> = {
  ...{ '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' },
  ...{ '#': '\\#', '%': '\\%', '&': '\\&', $: '\\$', _: '\\_', '{': '\\{', '}': '\\}' },
  ...{ '<': '\\textless{}', '>': '\\textgreater{}', '|': '\\textbar{}', '"': "''" },
  ...{ '±': '$\\pm$', '×': '$\\times$', '−': '$-$', '≤': '$\\le$', '≥': '$\\ge$', '→': '$\\to$', '·': '$\\cdot$' },
  ...{ '²': '$^2$', '³': '$^3$', '…': '\\ldots{}', '–': '--', '—': '---', '’': "'", '°': '$^\\circ$', '§': '\\S{}' },
  ...{ '“': '``', '”': "''", '‘': '`', '\u00a0': '~', '\n': ' ', '\r': ' ', '\t': ' ' },
  ...Object.fromEntries(Object.entries(greek).map(([letter, name]) => [letter, `$\\${name}$`])),
};

/** Characters that pdfLaTeX prints: ASCII, and letters whose accents are in its standard fonts. */
const standard = /[ -~]|(?![ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ×÷])[À-ž]/u;
/** Characters that no engine prints. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}]/u;
/** Tests whether the engine reads Unicode. It is expandable, so that a list of tables gets the right form. */
const ifUnicode = '\\ifdefined\\Umathcode ';

function escaped(text: string): string {
  let [written, letters] = ['', ''];
  const minus = text.replace(/(?<![\w-])-(?=\d)/g, '−'); // in `-0.1`, but not in `2026-11-26` or `gpt-2`
  for (const char of minus.normalize('NFC')) {
    const known = commands[char] ?? (standard.test(char) ? char : null);
    if (known === null) letters += char;
    else {
      written += foreign(letters) + known;
      letters = '';
    }
  }
  return written + foreign(letters);
}

/** Writes letters for engines that may have a font for them, and their code points for pdfLaTeX. */
function foreign(letters: string): string {
  if (letters === '') return '';
  const codes = Array.from(
    letters,
    (letter) => `U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const visible = Array.from(letters)
    .filter((letter) => !invisible.test(letter))
    .join('');
  return visible ? `${ifUnicode}${visible}\\else(${codes.join(' ')})\\fi{}` : `(${codes.join(' ')})`;
}
const marked = ({ text, marks }: Marked): string =>
  escaped(text) + (marks.length ? `\\textsuperscript{${marks.join(',')}}` : '');
/** Protects a leading `[` or `*`, which LaTeX would read as an option of the line end before it. */
const line = (cells: string[]): string => `    ${cells.join(' & ').replace(/^[[*]/, '{}$&')} \\\\`;

export function latex({ id, title, caption, header, rows, footnotes, sections }: Document): string {
  const notes = [
    ...footnotes.map((text, i) => `\\textsuperscript{${i + 1}} ${escaped(text)}`),
    ...sections.flatMap(({ title, lines }) => [`\\smallskip\\textit{${escaped(title)}}`, ...lines.map(escaped)]),
  ];
  const body = [
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
  const needs = '% needs \\usepackage{booktabs} and \\usepackage{graphicx}';
  if (!body.includes(ifUnicode)) return `${needs}\n${body}`;
  const about =
    '% pdfLaTeX prints letters that its fonts lack as code points; LuaLaTeX and XeLaTeX print them if the font has them';
  return [needs, about, body].join('\n');
}

const alignment = ({ isNumber }: Document['header'][number]): string => (isNumber ? 'r' : 'l');

/** Breaks a heading into lines that are, if possible, no wider than the cells below. */
function heading(column: Document['header'][number], width: number): string {
  const lines: string[] = [];
  for (const word of column.text.split(' '))
    if (lines.length && `${lines.at(-1)} ${word}`.length <= width) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  if (lines.length === 1) return escaped(column.text);
  return `\\shortstack[${alignment(column)}]{${lines.map(escaped).join('\\\\')}}`;
}

/** Shows the first cell of consecutive rows once if it is the same, with a gap before the next group. */
function grouped(row: Marked[], before: Marked[] | undefined): string[] {
  const cells = row.map(marked);
  if (!before) return [line(cells)];
  if (marked(before[0]) === cells[0] && cells.length > 1) return [line(['', ...cells.slice(1)])];
  return ['    \\addlinespace', line(cells)];
}
