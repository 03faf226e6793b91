/** Intact and manipulated bundles of a table's runs. Nothing is trained: the tests write run folders as trainers do. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { configFile } from '#contract/configFile';
import type { FrozenProof } from '#contract/frozen';
import { decodeEntry, type EntryBody, encodeEntry } from '#contract/run';
import type { Services } from '#contract/services';
import { expand } from '#papers/expand';
import { tableOf } from '#papers/published';

const cell = tableOf('regimes').cells.find(({ id }) => id === 'regimes/bit-xor/FRT')!;
/** Seeds that decide against a single published run of a two-peaked task. */
const seeds = [0, 1, 2, 3, 4, 5, 6];
const metrics = [0.7, 0.9, 0.998, 0.999];

let folder: string;
let app: Services;
let bundle: Uint8Array;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
  app = await createApp({ home: join(folder, 'home') });
  expand(cell, 'paper', seeds).configs.forEach((config, seed) => {
    const run = join(app.home, 'runs', `bit-xor-seed${seed}`);
    mkdirSync(run);
    const file = { id: `bit-xor-seed${seed}`, createdAt: seed, ...configFile(config) };
    writeFileSync(join(run, 'config.json'), JSON.stringify(file));
    const value = 1 - seed / 1000;
    const last100 = metrics.reduce((a, b) => a + b, 0) / metrics.length;
    const result = {
      ...{ metric: 'accuracy', value, loss: 0.1, samples: 10_000, standardError: 0.001, last100, seconds: 9 },
      ...{ iteration: 4, iterations: 4, steps: 400, stoppedEarly: false },
    };
    const device = 'cpu (ONNX Runtime, 2 threads)';
    const bodies: EntryBody[] = [
      { kind: 'started', step: 0, totalSteps: 400, device, trainable: 10, total: 100, deviations: [] },
      ...metrics.map((m, i): EntryBody => ({ kind: 'metrics', rows: [['test_metric', 100 * (i + 1), m]] })),
      { kind: 'ended', state: 'finished', step: 400, reason: null, result },
    ];
    const tensors = [{ name: 'w', shape: [90], before: '0'.repeat(64), after: '0'.repeat(64) }];
    const proof = { hashedAt: 0, checked: { at: 1000, step: 400 }, tensors };
    writeFileSync(join(run, 'frozen.json'), JSON.stringify(proof satisfies FrozenProof));
    writeFileSync(
      join(run, 'journal.jsonl'),
      bodies.map((body, i) => encodeEntry({ seq: i + 1, at: 1000 * i, body })).join(''),
    );
  });
  await app.rebuild();
  bundle = await made('table=regimes&profile=paper');
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

const made = async (query: string): Promise<Uint8Array> => buffer(app.download(`/download/bundle.zip?${query}`).chunks);
const verify = (bytes: Uint8Array) => {
  const path = join(folder, 'bundle.zip');
  writeFileSync(path, bytes);
  return app.bundles.verify(path);
};

it('a bundle of a table is valid, and has every config, journal, result and verdict', async () => {
  const report = await verify(bundle);
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ table: 'regimes', runs: seeds.map((seed) => `bit-xor-seed${seed}`) });
  const files = unzipSync(bundle);
  expect(strFromU8(files['table.md'])).toMatch(/\| bit-xor \| FRT \| accuracy \| 1\[\^3\] .* n = 7\) \| reproduced \|/);
  expect(strFromU8(files['runs.csv']).match(/regimes\/bit-xor\/FRT/g)).toHaveLength(14); // cell and name
  expect(JSON.parse(strFromU8(files['environment.json']))).toMatchObject({ permafrost: '0.1.0' });
  expect(await made('table=regimes&profile=paper')).toEqual(bundle);
});

it('a bundle of selected runs is valid without a table', async () => {
  const report = await verify(await made('id=bit-xor-seed2&id=bit-xor-seed0'));
  expect(report).toMatchObject({ problems: [], table: null, runs: ['bit-xor-seed0', 'bit-xor-seed2'] });
});

it('a damaged file is reported once, even if it is read several times', async () => {
  const path = 'runs/bit-xor-seed1/config.json';
  const damaged = Buffer.from(bundle);
  damaged[damaged.indexOf(path) + path.length] = 7; // no deflate block begins with this byte
  const { problems } = await verify(damaged);
  expect(problems.filter((problem) => /seed1\/config\.json cannot be inflated/.test(problem))).toHaveLength(1);
});

describe('a bundle of an earlier layout', () => {
  const earlier = (path: string, change: (text: string) => string): Uint8Array => {
    const files = unzipSync(forged(path, change));
    const manifest = strFromU8(files['manifest.json']).replace(/"version":\s*\d+/, '"version":1');
    return zipSync({ ...files, 'manifest.json': strToU8(manifest) } as Zippable);
  };

  it('is valid although verdicts and columns were different then, which the report notes', async () => {
    const { problems, table, runs, notes } = await verify(
      earlier('table.json', (text) => text.replaceAll(/"(p|stands)": [^,\n]+,?/g, '')),
    );
    expect(problems).toEqual([]);
    expect({ table, runs: runs.length }).toEqual({ table: null, runs: seeds.length });
    expect(notes[0]).toMatch(/^The bundle has layout 1, .* its verdicts, tables and runs.csv were not\.$/);
  });

  it('is invalid if a result contradicts the journal', async () => {
    const edited = earlier(`${run}/run.json`, (text) => text.replace('"value": 0.999', '"value": 1'));
    expect((await verify(edited)).problems).toEqual([expect.stringMatching(/run\.json: result is/)]);
  });
});

it('a bundle of a newer layout is refused with advice to update', async () => {
  const newer = forged('manifest.json', (text) => text.replace(/"version":\s*\d+/, '"version":99'), false);
  await expect(verify(newer)).rejects.toThrow(/expected layout \d+ or lower; found 99\. .* Update this one/);
});

it('a bundle without a finished run is refused', async () => {
  await expect(made('table=regimes&profile=quick')).rejects.toThrow(/holds finished runs/);
});

/** The bundle with a text of a file replaced; `honest` also writes the manifest anew, as a forger would. */
function forged(path: string, change: (text: string) => string, honest = true): Uint8Array {
  const files = unzipSync(bundle);
  const text = change(strFromU8(files[path] ?? new Uint8Array()));
  const { [path]: old, ...rest } = files;
  return packed(text === '' ? rest : { ...files, [path]: strToU8(text) }, honest);
}
function packed(files: Record<string, Uint8Array>, honest: boolean): Uint8Array {
  const manifest = JSON.parse(strFromU8(files['manifest.json']));
  const listed = Object.entries(files).flatMap(([path, bytes]) =>
    path === 'manifest.json'
      ? []
      : { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
  );
  const own = honest ? strToU8(JSON.stringify({ ...manifest, files: listed })) : files['manifest.json'];
  return zipSync({ ...files, 'manifest.json': own } as Zippable);
}
const run = 'runs/bit-xor-seed1';
/** Changes an entry of the journal and updates its checksum. */
const journal = (change: (text: string) => string) => (text: string) =>
  text
    .split('\n')
    .map((line) => (line ? encodeEntry(JSON.parse(change(JSON.stringify(decodeEntry(line))))).trimEnd() : ''))
    .join('\n');

describe('verifying finds', () => {
  const rows: [string, () => Uint8Array, RegExp][] = [
    [
      'a changed byte',
      () => forged('runs.csv', (text) => text.replace('finished', 'finishes'), false),
      /^runs\.csv: the manifest says SHA-256 \w+; found \w+\.$/,
    ],
    ['a missing file', () => forged('runs.csv', () => '', false), /^runs\.csv: the file is missing\.$/],
    [
      'a file that the manifest does not list',
      () => forged('runs/bit-xor-seed9/frozen.json', () => '{}', false),
      /frozen\.json: the manifest does not list it\.$/,
    ],
    ['a path that leads out', () => forged('../evil.sh', () => 'rm'), /^\.\.\/evil\.sh: a bundle has no such file\.$/],
    [
      'a journal that was edited',
      () => forged(`${run}/journal.jsonl`, (text) => text.replace('0.998', '0.999')),
      /journal\.jsonl, line 4: expected an entry with a valid CRC-32\.$/,
    ],
    [
      'a journal without its last line end',
      () => forged(`${run}/journal.jsonl`, (text) => text.trimEnd()),
      /journal\.jsonl, line 6: the line is incomplete\.$/,
    ],
    [
      'a metric that was edited together with its checksum',
      () =>
        forged(
          `${run}/journal.jsonl`,
          journal((text) => text.replace('0.998', '0.1')),
        ),
      /the mean of the last test metrics is 0\.899\d*; the journal's metrics give 0\.67/,
    ],
    [
      'a result that the journal does not have',
      () => forged(`${run}/run.json`, (text) => text.replace('"value": 0.999', '"value": 1')),
      /run\.json: result is .*"value":1,.*; config and journal say .*"value":0\.999/,
    ],
    [
      'a run with other settings',
      () => forged(`${run}/config.json`, (text) => text.replace('"n":5', '"n":6')),
      /regimes\/bit-xor\/FRT: bit-xor-seed1 has n 6; the cell needs 5\.$/,
    ],
    [
      'a verdict that its runs do not give',
      () => forged('table.json', (text) => text.replace('"reproduced"', '"better"')),
      /regimes\/bit-xor\/FRT: the verdict is .*better.*; its runs give .*reproduced/,
    ],
    [
      'a published number that differs from ours',
      () => forged('table.json', (text) => text.replace('"value": 0.9705', '"value": 0.5')),
      /regimes\/mnist\/FRT: published .*0\.5,.*; this Permafrost has .*0\.9705/,
    ],
    [
      'a Markdown table that differs from the data',
      () => forged('table.md', (text) => text.replace('reproduced', 'better')),
      /^table\.md: it differs from the file computed from the runs\.$/,
    ],
    ['JSON that is none', () => forged('table.json', () => '{"table":'), /^table\.json: not JSON/],
    ['an invalid config', () => forged(`${run}/config.json`, (text) => text.replace('"n":5', '"n":"five"')), /^n: /],
    [
      'numbers that no trainer writes',
      () =>
        forged(
          `${run}/journal.jsonl`,
          journal((text) => text.replace('["test_metric",300,0.998]', '')),
        ),
      /bit-xor-seed1/,
    ],
  ];
  it.each(rows)('%s', async (_, forge, problem) => {
    const { problems } = await verify(forge());
    expect(problems.length).toBeGreaterThan(0);
    expect(
      problems.some((line) => problem.test(line)),
      problems.join('\n'),
    ).toBe(true);
  });

  it('a file that is not a bundle', async () => {
    await expect(verify(strToU8('hello'))).rejects.toThrow(
      /is not a bundle that this Permafrost can read: The zip archive is invalid/,
    );
    await expect(verify(bundle.subarray(0, -30))).rejects.toThrow(/is not a bundle that this Permafrost can read/);

    await expect(verify(zipSync({ 'a.txt': strToU8('a') }))).rejects.toThrow(/manifest\.json: the file is missing/);
    await expect(verify(forged('manifest.json', () => '{"format":"x"}', false))).rejects.toThrow(
      /manifest\.json: format/,
    );
    await expect(app.bundles.verify(join(folder, 'none.zip'))).rejects.toThrow(/none\.zip could not be read/);
  });

  it('a file that claims an impossible size', async () => {
    const bytes = Buffer.from(bundle);
    const at = bytes.lastIndexOf('runs.csv') - 46; // its entry in the directory
    bytes.writeUInt32LE(0xf0000000, at + 24);
    await expect(verify(bytes)).rejects.toThrow(/runs\.csv claims to unpack \d+ bytes to 4026531840/);
  });
});
