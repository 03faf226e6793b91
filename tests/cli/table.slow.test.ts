/**
 * A small published table from the command line to its exports, through the real scheduler and trainers: everything is killed
 * in the middle and continued; the results equal those of a second home that was not killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, it } from 'vitest';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
const patience = 600_000; // four whole runs of the quick profile, on a machine that may be busy
/** One cell trains little of a pretrained body, the other all of a random one, so they end at different times. */
const reproduce = ['reproduce', 'regimes', '--cells', 'bit-xor/FPT', 'bit-xor/URT', '--seeds', '1', '--out', 'out.csv'];

let root: string;
let killed: Place;
let whole: Place;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'permafrost-table-'));
  killed = placeAt('killed');
  whole = placeAt('whole');
});
afterAll(() => rmSync(root, { recursive: true, maxRetries: 5 }));

/** A folder to work in, with a home of its own. */
interface Place {
  folder: string;
  runs: string;
}
function placeAt(name: string): Place {
  const folder = join(root, name);
  mkdirSync(folder);
  return { folder, runs: join(folder, 'home', 'runs') };
}

/** Starts the command in a process group of its own, to which its trainers belong. */
const start = ({ folder }: Place, words: string[]) =>
  spawn(process.execPath, [bin, ...words], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // on the CPU alone, which gives the same bits every time
    env: { ...process.env, PERMAFROST_HOME: join(folder, 'home'), CUDA_VISIBLE_DEVICES: '', VK_ICD_FILENAMES: '/none' },
  });

async function permafrost(place: Place, ...words: string[]) {
  const child = start(place, words);
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (data) => {
      text[stream] += data;
    });
  const [status] = await once(child, 'close');
  return { status, ...text };
}

/** The runs by the name of their cell: folder, journal, config. */
function runsIn({ runs }: Place) {
  const ids = existsSync(runs) ? readdirSync(runs) : [];
  return ids.flatMap((id) => {
    const journal = join(runs, id, 'journal.jsonl');
    if (!existsSync(journal)) return [];
    const text = readFileSync(journal, 'utf8');
    const { name } = JSON.parse(readFileSync(join(runs, id, 'config.json'), 'utf8'));
    return [
      { id, name, isFinished: text.includes('"state":"finished"'), hasCheckpoint: text.includes('"checkpoint"') },
    ];
  });
}
/** Every file of a run's folder. */
const filesOf = ({ runs }: Place, id: string) =>
  Object.fromEntries(readdirSync(join(runs, id)).map((name) => [name, readFileSync(join(runs, id, name), 'latin1')]));

/** A text with run ids replaced by names. */
const named = (place: Place, text: string): string =>
  runsIn(place).reduce((all, { id, name }) => all.replaceAll(id, name), text);
const exported = async (place: Place, file: string, ...of: string[]): Promise<string> => {
  expect(await permafrost(place, 'export', ...of, file)).toMatchObject({ status: 0 });
  return readFileSync(join(place.folder, file), 'latin1');
};

it(
  'killed with -9 while one cell is finished and another trains, reproduce keeps the first and resumes the second',
  async () => {
    const app = start(killed, reproduce);
    const isTheMoment = () => {
      const runs = runsIn(killed);
      return runs.some((run) => run.isFinished) && runs.some((run) => !run.isFinished && run.hasCheckpoint);
    };
    while (!isTheMoment() && app.exitCode === null) await sleep(50);
    process.kill(-app.pid!, 'SIGKILL');
    await once(app, 'close');
    const runs = runsIn(killed);
    const [finished, ...others] = runs.filter((run) => run.isFinished);
    expect(others).toEqual([]);
    expect(runs).toHaveLength(2);
    const before = filesOf(killed, finished.id);

    const { status, stdout, stderr } = await permafrost(killed, ...reproduce);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^1 run finished already, 1 run resumes\./);
    expect(stderr).toMatch(/ seed 0 {2}continues from step [1-9]\d* on cpu/);
    expect(stdout).toMatch(/bit-xor +FPT +accuracy +1 +[\d.]+ .* scaled down/);
    expect(stdout).toMatch(/bit-xor +URT +accuracy +1 +[\d.]+ .* scaled down/);
    expect(stdout).toMatch(/embedded body permafrost-nano instead of gpt2/);
    expect(stdout).toMatch(/Sources of the published numbers:\n {2}bit-xor FPT: /);
    expect(filesOf(killed, finished.id)).toEqual(before);
    expect(runsIn(killed).map(({ id, isFinished }) => [id, isFinished])).toEqual(runs.map(({ id }) => [id, true]));

    const again = await permafrost(killed, ...reproduce, '--picture', 'table.svg', '--json');
    expect(again.stderr).toMatch(/^2 runs finished already/);
    const { cells, contrasts, picture } = JSON.parse(again.stdout);
    const svg = readFileSync(join(killed.folder, picture), 'utf8');
    expect(svg).toContain('<desc id="forest-about">2 cells: 2 scaled down.</desc>');
    expect(svg).toContain('Test metric over steps'); // the curves of both runs
    expect(contrasts.filter(({ row }: { row: string }) => row !== 'bit-xor')).toEqual([]);
    expect(cells.map(({ verdict, seeds }: { verdict: string; seeds: number }) => [verdict, seeds])).toEqual([
      ['scaled down', 1],
      ['scaled down', 1],
    ]);
    const list = JSON.parse((await permafrost(killed, 'list', '--json')).stdout);
    expect(list.runs.map(({ tags }: { tags: string[] }) => tags)).toEqual([['regimes-quick'], ['regimes-quick']]);
  },
  patience,
);

it(
  'its bundle is valid, and training it again elsewhere gives the same metrics, verdicts and exports',
  async () => {
    const table = ['--table', 'regimes'];
    const bundle = await exported(killed, 'bundle.zip', ...table);
    const rerun = ['verify', join(killed.folder, 'bundle.zip'), '--rerun', '--slots', String(availableParallelism())];
    const verified = await permafrost(whole, ...rerun);
    expect(verified.stdout).toMatch(/The bundle is valid: \d+ files, 2 runs, the verdicts of regimes\./);
    expect(verified.stdout.match(/same: every metric is equal bit for bit/g)).toHaveLength(2);
    expect(verified.status).toBe(0);

    for (const file of ['table.csv', 'table.md', 'table.tex', 'table.svg'])
      expect(named(killed, await exported(killed, file, ...table)), file).toBe(
        named(whole, await exported(whole, file, ...table)),
      );
    const files = unzipSync(Buffer.from(bundle, 'latin1'));
    const others = unzipSync(Buffer.from(await exported(whole, 'bundle.zip', ...table), 'latin1'));
    const derived = (place: Place, all: typeof files, file: string) => named(place, strFromU8(all[file], true));
    for (const file of ['table.json', 'table.csv', 'table.md', 'materials.json', 'environment.json'])
      expect(derived(killed, files, file), file).toBe(derived(whole, others, file));
    expect(readFileSync(join(killed.folder, 'out.csv'), 'latin1').split('\r\n')).toHaveLength(4); // header, cells, end
  },
  patience,
);

it('a picture that is not an SVG file is refused before any training', async () => {
  const refused = await permafrost(placeAt('refused'), ...reproduce, '--picture', 'table.png');
  expect(refused.stderr).toContain('--picture expects a file that ends in .svg; found "table.png".');
  expect(refused.status).not.toBe(0);
});
