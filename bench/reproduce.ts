/** The default table as `npm run reproduce` trains it in a fresh home: the time that it takes, and what it decides. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { defaultTable } from '#contract/paperTable';
import { type Contrast, type ContrastVerdict, contrastVerdicts } from '#contract/tableState';
import { gainText, rangeText } from '#contract/tableText';
import { tableOf } from '#papers/published';
import type { Benchmark, Figures } from './benchmark.ts';

const nameOf = (columns: string, row: string): string => `${columns}, ${row}`;

/** A row for each pair of columns in each row that has both and compares their results. */
function contrastNames(): string[] {
  const { cells, contrasts } = tableOf(defaultTable);
  const scores = cells.filter(({ resultIs }) => resultIs !== 'steps');
  const has = (row: string, column: string) => scores.some((cell) => cell.row === row && cell.column === column);
  const rows = [...new Set(scores.map(({ row }) => row))];
  return rows.flatMap((row) =>
    contrasts.flatMap(([one, other]) => (has(row, one) && has(row, other) ? nameOf(`${one} over ${other}`, row) : [])),
  );
}

export const reproduce: Benchmark = {
  title: `\`npm run reproduce\` in a fresh home: table ${defaultTable}, \`npm ci\` not counted`,
  rows: contrastNames(),
  limits: { seconds: '< 360', 'gains with a verdict': '≥ 4', helps: '≥ 1', harms: '≥ 1' },
  async run(report) {
    const home = mkdtempSync(join(tmpdir(), 'permafrost-reproduce-'));
    try {
      const start = performance.now();
      const { contrasts, conclusions, cells } = await reproduced(home);
      const seconds = (performance.now() - start) / 1000;
      for (const conclusion of conclusions) report(conclusion);
      const count = (of: ContrastVerdict) => contrasts.filter(({ verdict }) => verdict === of).length;
      const decided = contrasts.length - count("can't tell yet") - count('not compared');
      const figures: Figures = { seconds, runs: new Set(cells.flatMap(({ runs }) => runs)).size };
      figures['gains with a verdict'] = decided;
      for (const verdict of contrastVerdicts) if (count(verdict) > 0) figures[verdict] = count(verdict);
      figures['after Holm’s correction'] = contrasts.filter(({ stands }) => stands).length;
      for (const { columns, row, difference, verdict, stands } of contrasts) {
        const name = nameOf(columns, row);
        figures[`${name}: gain`] = difference && gainText(difference);
        figures[`${name}: 95 % interval`] = difference && rangeText(difference);
        figures[`${name}: seed by seed`] = difference && (difference.pairs === null ? 'no' : 'yes');
        figures[`${name}: verdict`] = verdict;
        figures[`${name}: after Holm’s correction`] = stands === null ? null : stands ? 'stands' : 'falls';
      }
      return figures;
    } finally {
      rmSync(home, { recursive: true, maxRetries: 5 });
    }
  },
};

/** The part that is read of what `reproduce --json` prints. */
interface Reproduced {
  cells: { runs: string[] }[];
  contrasts: Contrast[];
  conclusions: string[];
}

/** Runs the command as a user does. */
async function reproduced(home: string): Promise<Reproduced> {
  const words = ['run', '-s', 'reproduce', '--', '--json', '--out', join(home, 'table.csv')];
  const child = spawn('npm', words, {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, PERMAFROST_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on('exit', resolve).on('error', reject));
  const [printed, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`npm run reproduce ended with exit code ${code}.`);
  return JSON.parse(printed);
}
