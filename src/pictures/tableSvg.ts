/** Draws a table as a picture for papers and slides: on white, with title, sources and date. Pure. */
import { metricText, plural } from '#contract/format';
import type { CellResult, TableState } from '#contract/tableState';
import {
  bestText,
  contrastText,
  fallsSign,
  floorText,
  publishedText,
  rangeText,
  thresholdText,
  unreachedText,
} from '#contract/tableText';
import { paperInk as ink } from './colors.ts';
import { escaped } from './svg.ts';
import { madeText, tableFooter } from './tableFooter.ts';
import { marks, marksOf, shownVerdict, tableGrid } from './tableGrid.ts';
import { textWidth, wrapped } from './textWidth.ts';
import { verdictLooks } from './verdictLooks.ts';

const size = { text: 12, line: 17, pad: 10, title: 17 };

interface Line {
  text: string;
  color?: string;
  bold?: boolean;
}

function linesOf(result: CellResult | undefined, hasPaper: boolean): Line[] {
  if (!result) return [];
  const { cell, judgement, metric } = result;
  const { published } = cell;
  const signs = marksOf(result).map((name) => marks[name].sign);
  const runs = published?.runs ? ` (${plural(published.runs, 'run')})` : '';
  const verdict = shownVerdict(result);
  const floor = !hasPaper && floorText(result) && `Floor ${floorText(result)}`;
  const ours =
    judgement.mean === null
      ? []
      : [
          {
            text: `Ours ${metricText(judgement.mean, metric)} (${rangeText(judgement)}), ${plural(judgement.seeds, 'seed')}`,
            bold: true,
          },
        ];
  return [
    ...(published ? [{ text: `Paper ${publishedText(published)}${signs.join('')}${runs}` }] : []),
    ...(!published && hasPaper ? [{ text: 'no published number' }] : []),
    ...ours,
    ...[thresholdText(result), unreachedText(result), bestText(result), floor].flatMap((text) =>
      text ? { text } : [],
    ),
    ...(verdict === 'no published number'
      ? []
      : [
          {
            text: judgement.stands === false && verdict === judgement.verdict ? `${verdict} ${fallsSign}` : verdict,
            color: ink.tone(verdictLooks[verdict].tone),
          },
        ]),
  ];
}

/** The table as an SVG file. `date` is printed unchanged. */
export function tableSvg(state: TableState, date: string): { svg: string; width: number; height: number } {
  const { columns, rows } = tableGrid(state);
  const cells = rows.map(({ row, results, hasPaper }) => ({
    row,
    lines: results.map((result) => linesOf(result, hasPaper)),
  }));
  const long = ({ text, bold }: Line) => textWidth(text, bold ? 'bold' : 'plain');
  const widest = (lines: readonly Line[]) => Math.ceil(Math.max(...lines.map(long), 0)) + 2 * size.pad;
  const bold = (text: string): Line => ({ text, bold: true });
  const widths = [
    widest(rows.map(({ row }) => bold(row))),
    ...columns.map((column, i) => widest([bold(column), ...cells.flatMap(({ lines }) => lines[i])])),
  ];
  const lefts = widths.map((_, i) => size.pad + widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const inner = widths.reduce((sum, width) => sum + width, 0);
  const width = Math.max(inner, 560) + 2 * size.pad;

  const pieces: string[] = [];
  const write = (x: number, y: number, { text, color = ink.text, bold: isBold }: Line, fontSize = size.text) =>
    pieces.push(
      `<text x="${x}" y="${y}" fill="${color}" font-size="${fontSize}"${isBold ? ' font-weight="600"' : ''}>${escaped(text)}</text>`,
    );
  const rule = (y: number) => pieces.push(`<path d="M${size.pad} ${y}h${inner}" stroke="${ink.line}"/>`);

  write(size.pad, 28, bold(state.table.title), size.title);
  let y = 44;
  pieces.push(`<rect x="${size.pad}" y="${y}" width="${inner}" height="${size.line + size.pad}" fill="${ink.head}"/>`);
  for (const [i, column] of columns.entries()) write(lefts[i + 1] + size.pad, y + size.line, bold(column));
  y += size.line + size.pad;
  for (const { row, lines } of cells) {
    rule(y);
    write(lefts[0] + size.pad, y + size.line, bold(row));
    for (const [i, column] of lines.entries())
      for (const [j, line] of column.entries()) write(lefts[i + 1] + size.pad, y + size.line * (j + 1), line);
    y += size.line * Math.max(1, ...lines.map((column) => column.length)) + size.pad;
  }
  rule(y);
  y += size.pad;
  const lines = [...state.contrasts.map(contrastText), ...tableFooter(state), madeText(state, date)];
  for (const line of lines.flatMap((text) => wrapped(text, width - 2 * size.pad, size.text - 1))) {
    y += size.line - 1;
    write(size.pad, y, { text: line, color: ink.dim }, size.text - 1);
  }
  const height = Math.ceil(y + size.pad + 4);
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif" role="img" aria-label="${escaped(state.table.title)}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...pieces,
    '</svg>\n',
  ].join('\n');
  return { svg, width, height };
}
