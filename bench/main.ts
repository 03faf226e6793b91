/** `npm run bench` runs benchmarks and records them in bench/results and bench/RESULTS.md, with the machine and the date. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { parseScript } from '#cli/parseScript';
import { batches } from './batches.ts';
import type { Benchmark, Figures } from './benchmark.ts';
import { checkpoints } from './checkpoints.ts';
import { estimate } from './estimate.ts';
import { gpuCounts } from './gpuCounts.ts';
import { learning } from './learning.ts';
import { manyRuns } from './manyRuns.ts';
import { reproduce } from './reproduce.ts';
import { fptStep, gpuFptStep, gpuUrtStep, models, urtStep } from './steps.ts';
import { store } from './store.ts';
import { window } from './window.ts';

const benchmarks: Record<string, Benchmark> = {
  checkpoints,
  'fpt-step': fptStep,
  'urt-step': urtStep,
  models,
  learning,
  reproduce,
  estimate,
  store,
  'many-runs': manyRuns,
  window,
  batches,
  'gpu-counts': gpuCounts,
  'gpu-fpt-step': gpuFptStep,
  'gpu-urt-step': gpuUrtStep,
};

const results = join(import.meta.dirname, 'results');

/** Describes the machine. Counts only the processors that this process may use, which `taskset` can restrict. */
function machine(): string {
  const { arch, platform, version } = process;
  return `${availableParallelism()} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform} ${arch}, Node ${version.slice(1)}`;
}

/** An entry of a benchmark's file, which has the last figures on each machine, newest first. */
interface Entry {
  machine: string;
  date: string;
  figures: Figures;
}
/** The machine without the version of Node, which may change. */
const hardware = ({ machine }: Entry): string => machine.replace(/, Node .*/, '');
const fileOf = (name: string): string => join(results, `${name}.json`);
const entriesOf = (name: string): Entry[] =>
  existsSync(fileOf(name)) ? JSON.parse(readFileSync(fileOf(name), 'utf8')) : [];

function record(name: string, figures: Figures): void {
  const entry: Entry = { machine: machine(), date: new Date().toISOString().slice(0, 10), figures };
  const others = entriesOf(name).filter((other) => hardware(other) !== hardware(entry));
  writeFileSync(fileOf(name), `${JSON.stringify([entry, ...others], null, 2)}\n`);
}

function holds(value: number, limit: string): boolean {
  const [, operator, bound] = /^(≥|<)\s*([\d.]+)$/.exec(limit)!;
  return operator === '<' ? value < Number(bound) : value >= Number(bound);
}

const show = (value: Figures[string]): string =>
  typeof value !== 'number'
    ? (value ?? '–')
    : Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString('en')
      : String(Number(value.toPrecision(3)));

const table = (lines: string[][]): string => lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const ruled = ([head, ...lines]: string[][]): string[][] => [head, head.map(() => '---'), ...lines];
const shown = ({ limits }: Benchmark, figure: string, value: Figures[string] | undefined): string => {
  if (value === undefined) return '';
  const limit = limits[figure];
  return `${show(value)}${limit && typeof value === 'number' ? (holds(value, limit) ? ' ✓' : ' ✗') : ''}`;
};

/** A table with a line for each figure and a column for each machine. */
function byMachine(bench: Benchmark, entries: Entry[]): string {
  const figures = [...new Set(entries.flatMap((entry) => Object.keys(entry.figures)))];
  return table(
    ruled([
      ['figure', 'limit', ...entries.map(({ machine, date }) => `${machine} (${date})`)],
      ...figures.map((f) => [f, bench.limits[f] ?? '', ...entries.map((entry) => shown(bench, f, entry.figures[f]))]),
    ]),
  );
}

/** A table for each machine, with a line for each row of the benchmark. */
function byRow(bench: Benchmark, rows: readonly string[], entries: Entry[]): string {
  return entries
    .map(({ machine, date, figures }) => {
      const places = Object.keys(figures).map((name) => name.split(': '));
      const columns = [...new Set(places.flatMap(([, column]) => column ?? []))];
      const above = places.flatMap(([name, column]) =>
        column ? [] : `, ${name} ${shown(bench, name, figures[name])}`,
      );
      const cells = (row: string) => columns.map((c) => shown(bench, `${row}: ${c}`, figures[`${row}: ${c}`]));
      const lines = [['', ...columns], ...rows.map((row) => [row, ...cells(row)])];
      return `${machine} (${date})${above.join('')}:\n\n${table(ruled(lines))}`;
    })
    .join('\n\n');
}

function page(): string {
  const sections = Object.entries(benchmarks).flatMap(([name, bench]) => {
    const entries = entriesOf(name);
    if (entries.length === 0) return [];
    const body = bench.rows ? byRow(bench, bench.rows, entries) : byMachine(bench, entries);
    return `## ${bench.title}\n\n\`npm run bench -- ${name}\`\n\n${body}\n`;
  });
  return `# Benchmarks\n\nWritten by \`npm run bench\`. Ratios compare two programs in the same run on the same machine. ✓ and ✗ say whether a figure keeps its limit.\n\n${sections.join('\n')}`;
}

const command = parseScript(
  new Command('npm run bench --')
    .description('Runs benchmarks and records their figures in bench/results and bench/RESULTS.md.')
    .addArgument(new Argument('[names...]', 'benchmarks; all by default').choices(Object.keys(benchmarks)))
    .option('--json', 'print the figures as one JSON object'),
);
const names = command.args;
const { json } = command.opts<{ json?: boolean }>();
mkdirSync(results, { recursive: true });
let missed = false;
const collected: Record<string, Figures> = {};
for (const name of names.length ? names : Object.keys(benchmarks)) {
  const bench = benchmarks[name];
  console.error(bench.title);
  const figures = await bench.run((line) => console.error(`  ${line}`));
  collected[name] = figures;
  record(name, figures);
  for (const [figure, value] of Object.entries(figures)) {
    const limit = bench.limits[figure];
    const fails = limit !== undefined && typeof value === 'number' && !holds(value, limit);
    missed ||= fails;
    console.error(`  ${figure}: ${show(value)}${limit ? ` (${limit}${fails ? ', MISSED' : ''})` : ''}`);
  }
}
writeFileSync(join(import.meta.dirname, 'RESULTS.md'), page());
if (json) console.log(JSON.stringify(names.length === 1 ? collected[names[0]] : collected));
process.exit(missed ? 1 : 0);
