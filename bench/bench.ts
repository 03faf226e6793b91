/**
 * `npm run bench [-- NAME…] [--json]`: runs benchmarks and records them in bench/results and bench/RESULTS.md, with the
 * machine and the date. With --json: one object on stdout and nothing else.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { batches } from './batches.ts';
import { checkpoints } from './checkpoints.ts';
import { fptStep, urtStep } from './fptStep.ts';
import { learning } from './learning.ts';
import { store } from './store.ts';

export type Figures = Record<string, number | string | null>;
export interface Bench {
  title: string;
  run(report: (line: string) => void): Promise<Figures>;
  /** What the figures should be, e.g. `≥ 2.2` or `< 1700`. */
  limits: Record<string, string>;
}

const benches: Record<string, Bench> = {
  checkpoints,
  'fpt-step': fptStep,
  'urt-step': urtStep,
  learning,
  store,
  batches,
};

const results = join(import.meta.dirname, 'results');

function machine(): string {
  const { arch, platform, version } = process;
  return `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform} ${arch}, Node ${version.slice(1)}`;
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

function page(): string {
  const sections = readdirSync(results)
    .sort()
    .map((file) => {
      const { machine, date, figures } = JSON.parse(readFileSync(join(results, file), 'utf8'));
      const bench = benches[basename(file, '.json')];
      const rows = Object.entries(figures as Figures).map(([name, value]) => {
        const limit = bench.limits[name];
        const verdict = limit && typeof value === 'number' ? `${limit} ${holds(value, limit) ? '✓' : '✗'}` : '';
        return `| ${name} | ${show(value)} | ${verdict} |`;
      });
      return `## ${bench.title}\n\n${date}, ${machine}\n\n| figure | value | limit |\n|---|---|---|\n${rows.join('\n')}\n`;
    });
  return `# Benchmarks\n\nWritten by \`npm run bench\`. Ratios compare two programs in one run on one machine.\n\n${sections.join('\n')}`;
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const json = process.argv.includes('--json');
const unknown = names.filter((name) => !benches[name]);
if (unknown.length) {
  console.error(`There is no benchmark ${unknown.join(', ')}. Choose from ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
mkdirSync(results, { recursive: true });
let missed = false;
const collected: Record<string, Figures> = {};
for (const name of names.length ? names : Object.keys(benches)) {
  const bench = benches[name];
  console.error(bench.title);
  const figures = await bench.run((line) => console.error(`  ${line}`));
  collected[name] = figures;
  writeFileSync(
    join(results, `${name}.json`),
    `${JSON.stringify({ machine: machine(), date: new Date().toISOString().slice(0, 10), figures }, null, 2)}\n`,
  );
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
