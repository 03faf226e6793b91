/** Data sets from self-made archives in the exact formats: pulled, verified, decoded, loaded, removed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PullProgress } from '#contract/data';
import { leaseText } from '#disk/heartbeat';
import { thisProcess } from '#disk/processes';
import { recordWidth, speechWords } from '#tasks/speechCommands';
import { cifar10Dataset } from '#zoo/cifar10';
import { openData } from '#zoo/data';
import type { DatasetRow, DecodedRow } from '#zoo/dataset';
import { describeDataset, labelCounts } from '#zoo/describeDataset';
import { loadDataset, loadRow } from '#zoo/loadDataset';
import { pullDataset } from '#zoo/pullDataset';
import { verifyDataset } from '#zoo/verifyDataset';
import { cifarFile, wavFile } from '../formats/samples.ts';
import { loadGolden } from '../parity/golden.ts';
import { md5, smallTokenizer, tarGzOf, writeFiles } from './archives.ts';
import { openServer, serve, type TestServer } from './server.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-data-'));
});
afterEach(() => rmSync(home, { recursive: true }));
const folderOf = (name: string) => join(home, 'data', name);
const put = (name: string, file: string, content: Uint8Array | string) =>
  writeFiles(folderOf(name), { [file]: content });

const image = (seed: number) => Uint8Array.from({ length: 3072 }, (_, i) => (i * 13 + seed * 101) % 256);
const cifarFiles = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].map((i) => [`cifar-10-batches-bin/data_batch_${i}.bin`, cifarFile(image(i), [i])]),
  ),
  'cifar-10-batches-bin/test_batch.bin': cifarFile([...image(8), ...image(9)], [8, 9]),
  'cifar-10-batches-bin/batches.meta.txt': 'airplane\n',
};

describe('CIFAR-10', () => {
  const check = async () => {
    const { dataset, notes } = await loadDataset('cifar10', { home });
    expect([...(dataset.train.labels as Int32Array)]).toEqual([1, 2, 3, 4, 5]);
    expect([...(dataset.test.labels as Int32Array)]).toEqual([8, 9]);
    expect(dataset.train.sample(2)).toEqual(image(3));
    expect(dataset.test.sample(1)).toEqual(image(9));
    return notes;
  };
  it('is read from the archive, is noted as not the official one, and is decoded once', async () => {
    put('cifar10', 'cifar-10-binary.tar.gz', await tarGzOf(cifarFiles));
    expect(await check()).toEqual([
      expect.stringMatching(/has \d+ bytes, but the official file has 170052171\. It is used as it is/),
    ]);
    const cache = join(home, 'cache/datasets/cifar10');
    const before = readdirSync(join(cache, '..'));
    await check();
    expect(readdirSync(join(cache, '..'))).toEqual(before);
    expect(labelCounts(cifar10Dataset, home)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });
  it('comes from the unpacked folder as well', async () => {
    writeFiles(folderOf('cifar10'), cifarFiles);
    await check();
  });
  it('is decoded once if two need it at the same time', async () => {
    writeFiles(folderOf('cifar10'), cifarFiles);
    let decoded = 0;
    const row: DecodedRow = {
      ...cifar10Dataset,
      decode(...words) {
        decoded++;
        return cifar10Dataset.decode(...words);
      },
    };
    const waited: string[] = [];
    const load = () => loadRow(row, { home, onWait: (other) => waited.push(other) });
    const [a, b] = await Promise.all([load(), load()]);
    expect(decoded).toBe(1);
    expect(waited).toEqual([`process ${process.pid}`]);
    expect(a.dataset.test.labels).toEqual(b.dataset.test.labels);
    expect(readdirSync(join(home, 'cache/datasets'))).toEqual(['cifar10']);
  });
  it('leaves no lease after a decoding that was killed at its end', async () => {
    writeFiles(folderOf('cifar10'), cifarFiles);
    await check();
    const lease = join(home, 'cache/datasets/cifar10.lease.json');
    writeFileSync(lease, leaseText('dead', { ...thisProcess, start: '1' }, 0)); // our PID, another process
    await check();
    expect(existsSync(lease)).toBe(false);
  });
  it('is decoded again when its files change', async () => {
    writeFiles(folderOf('cifar10'), cifarFiles);
    await check();
    rmSync(join(folderOf('cifar10'), 'cifar-10-batches-bin'), { recursive: true });
    put(
      'cifar10',
      'cifar-10-binary.tar.gz',
      await tarGzOf({ ...cifarFiles, 'cifar-10-batches-bin/test_batch.bin': cifarFile(image(1), [7]) }),
    );
    const { dataset } = await loadDataset('cifar10', { home });
    expect([...(dataset.test.labels as Int32Array)]).toEqual([7]);
  });
  it.each([
    [
      'a missing batch',
      async () => tarGzOf({ 'data_batch_1.bin': cifarFile(image(1), [1]) }),
      /data_batch_2.bin is missing/,
    ],
    [
      'an archive cut off',
      async () => (await tarGzOf(cifarFiles)).subarray(0, 400),
      /cifar-10-binary.tar.gz: it is not a complete tar archive/,
    ],
    ['a page of HTML', async () => Buffer.from('<html>sign in</html>'), /cifar-10-binary.tar.gz: /],
    ['an empty archive', async () => tarGzOf({}), /expected files in a tar archive/],
    [
      'a batch cut off',
      async () => tarGzOf({ ...cifarFiles, 'data_batch_1.bin': new Uint8Array(100) }),
      /data_batch_1.bin: expected records of 3,073 bytes/,
    ],
  ])('%s is an error that leaves nothing decoded', async (_, archive, message) => {
    put('cifar10', 'cifar-10-binary.tar.gz', await archive());
    await expect(loadDataset('cifar10', { home })).rejects.toThrow(message);
    expect(existsSync(join(home, 'cache/datasets')) ? readdirSync(join(home, 'cache/datasets')) : []).toEqual([]);
  });
  it('is refused with a remedy if it is missing', async () => {
    await expect(loadDataset('cifar10', { home })).rejects.toThrow(
      /not on this machine: expected cifar-10-binary.tar.gz in .*Run permafrost data pull cifar10/,
    );
  });
});

describe('an incomplete data set', () => {
  const stateOf = async (name: string) => (await openData(home).list()).find((set) => set.name === name)!.state;

  it('CIFAR’s version for Python is recognised', async () => {
    const own = join(home, 'python');
    writeFiles(own, { 'cifar-10-batches-py/data_batch_1': 'x', 'cifar-10-batches-py/batches.meta': 'x' });
    const advice = /version for Python, which cannot be read\. Get the binary version, cifar-10-binary\.tar\.gz/;
    await expect(pullDataset(cifar10Dataset, { home, from: own })).rejects.toThrow(advice);
    writeFiles(folderOf('cifar10'), { data_batch_1: 'x' });
    await expect(loadDataset('cifar10', { home })).rejects.toThrow(advice);
    writeFiles(folderOf('cifar10'), { 'test_batch.bin': cifarFile(image(1), [1]) });
    await expect(loadDataset('cifar10', { home })).rejects.toThrow(advice);
  });

  it('a hidden file of Finder is not a clip', async () => {
    const clip = wavFile(Int16Array.of(1, 2));
    writeFiles(folderOf('speech-commands'), {
      ...{ 'validation_list.txt': '', 'testing_list.txt': 'yes/a.wav\n', 'yes/a.wav': clip, 'no/b.wav': clip },
      ...{ 'no/._b.wav': 'Mac OS X', '.DS_Store': 'x', '__MACOSX/no/b.wav': 'x', 'no/Thumbs.db': 'x' },
    });
    const { dataset } = await loadDataset('speech-commands', { home });
    expect([dataset.train.count, dataset.test.count]).toEqual([1, 1]);
  });

  it('an empty file counts as absent, and a folder with a part of MNIST is not ready', async () => {
    put('cifar10', 'cifar-10-binary.tar.gz', '');
    expect(await stateOf('cifar10')).toBe('absent');
    expect(await stateOf('mnist')).toBe('ready'); // the package's
    mkdirSync(folderOf('mnist'), { recursive: true });
    expect(await stateOf('mnist')).toBe('absent');
    put('mnist', 't10k-labels-idx1-ubyte', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7));
    expect(await stateOf('mnist')).not.toBe('ready');
    for (const name of ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3'])
      put('mnist', `${name}-ubyte`, '');
    expect(await stateOf('mnist')).not.toBe('ready');
  });

  it('files without a sample are refused', async () => {
    for (const set of ['train', 't10k']) {
      put('mnist', `${set}-images-idx3-ubyte`, Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28));
      put('mnist', `${set}-labels-idx1-ubyte`, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0));
    }
    await expect(loadDataset('mnist', { home })).rejects.toThrow(/the train files have no images/);
    writeFiles(folderOf('speech-commands'), { 'validation_list.txt': '', 'testing_list.txt': 'yes/a.wav' });
    await expect(loadDataset('speech-commands', { home })).rejects.toThrow(/the split train has no samples/);
    writeFiles(folderOf('listops'), { 'basic_train.tsv': 'Source\tTarget\n', 'basic_val.tsv': 'Source\tTarget\n' });
    await expect(loadDataset('listops', { home })).rejects.toThrow(/the split train has no samples/);
  });

  it('a circular link has a size', async () => {
    put('cifar10', 'mine.txt', 'mine');
    for (const name of ['a', 'b']) symlinkSync(folderOf('cifar10'), join(folderOf('cifar10'), name));
    symlinkSync(join(home, 'nowhere'), join(folderOf('cifar10'), 'gone'));
    expect((await openData(home).list()).find(({ name }) => name === 'cifar10')).toMatchObject({ diskBytes: 4 });
  });
});

describe('Speech Commands', () => {
  const golden = loadGolden('g3-resample');
  const waves = [0, 1].map((clip) =>
    Int16Array.from(golden.tensor('x').data.subarray(clip * 16000, (clip + 1) * 16000), (v) =>
      Math.max(-32768, Math.min(32767, Math.round(v * 32768))),
    ),
  );
  const files = {
    './README.md': 'Speech Commands',
    './validation_list.txt': 'yes/a_nohash_1.wav\n',
    './yes/a_nohash_0.wav': wavFile(waves[0]),
    './yes/a_nohash_1.wav': wavFile(Int16Array.of(1, 2, 3)),
    './zero/b_nohash_0.wav': wavFile(waves[1]),
    './backward/c_nohash_0.wav': wavFile(Int16Array.of(9, 9)),
    './_background_noise_/pink_noise.wav': wavFile(new Int16Array(20000)),
    './testing_list.txt': 'zero/b_nohash_0.wav\r\n',
  };
  it('is split by its lists, wherever they are in the archive, and keeps the samples of every clip', async () => {
    put('speech-commands', 'speech_commands_v0.02.tar.gz', await tarGzOf(files));
    const told: PullProgress[] = [];
    const { dataset } = await loadDataset('speech-commands', {
      home,
      onProgress: (done, total, unit) => told.push({ stage: 'decode', done, total, unit }),
    });
    const words = (labels: ArrayLike<number>) => Array.from(labels, (label) => speechWords[label]);
    expect(words(dataset.train.labels).sort()).toEqual(['backward', 'yes']);
    expect(words(dataset.test.labels)).toEqual(['zero']);
    const yes = words(dataset.train.labels).indexOf('yes');
    const record = (samples: ArrayLike<number>) => {
      const values = new Int16Array(recordWidth);
      values.set([samples.length, ...Array.from(samples)]);
      return values;
    };
    expect(dataset.test.sample(0)).toEqual(record(waves[1]));
    expect(dataset.train.sample(yes)).toEqual(record(waves[0]));
    expect(dataset.train.sample(1 - yes)).toEqual(record([9, 9]));
    expect(told.at(-1)).toMatchObject({ done: 4, unit: 'clips' });
  });
  it('comes from the unpacked folder as well', async () => {
    writeFiles(folderOf('speech-commands'), files);
    const { dataset } = await loadDataset('speech-commands', { home });
    expect([dataset.train.count, dataset.test.count]).toEqual([2, 1]);
  });
  it('without its lists is refused, because only they name the test clips', async () => {
    const { './validation_list.txt': _, ...rest } = files;
    put('speech-commands', 'speech_commands_v0.02.tar.gz', await tarGzOf(rest));
    await expect(loadDataset('speech-commands', { home })).rejects.toThrow(/validation_list.txt is missing/);
  });
  it('is refused if a clip has another rate, and names it', async () => {
    put(
      'speech-commands',
      'speech_commands_v0.02.tar.gz',
      await tarGzOf({ ...files, './yes/z.wav': wavFile(waves[0], { rate: 44100 }) }),
    );
    await expect(loadDataset('speech-commands', { home })).rejects.toThrow(
      /yes\/z.wav: expected 16000 samples per second; found 44100/,
    );
  });
});

describe('CYP3A4', () => {
  const molecules = ['c1ccccc1', 'CCO', 'CCN', 'C1CCCCC1', 'Cc1ccccc1'];
  const table = `Drug_ID\tDrug\tY\n${molecules.map((smiles, i) => `${i}.0\t${smiles}\t${i % 2}`).join('\n')}\n`;
  const files = { 'cyp3a4_veith.tab': table, ...smallTokenizer(['C C', 'c c', 'c 1', 'cc cc']) };
  it('becomes molecules in space, and records how their conformers were made', async () => {
    writeFiles(folderOf('cyp3a4-graph'), { 'cyp3a4_veith.tab': `${table}5.0\tCCN.Cl\t1\n` });
    const first = await loadDataset('cyp3a4-graph', { home });
    expect(first.remark).toBe(
      'Conformers of 6 molecules: 5 relaxed in MMFF94s; 1 not relaxed, because MMFF94s lacks a type for an atom; 0 not found, so these molecules are flat.',
    );
    expect((await loadDataset('cyp3a4-graph', { home })).remark).toBe(first.remark); // from the decoded form
  });

  it('becomes tokens between <s> and </s>, split by scaffold, with readable molecules', async () => {
    writeFiles(folderOf('cyp3a4'), files);
    const { dataset } = await loadDataset('cyp3a4', { home });
    const all = [dataset.train, dataset.test].flatMap((set) =>
      Array.from({ length: set.count }, (_, i) => ({
        text: set.text!(i),
        ids: [...set.sample(i)],
        label: set.labels[i],
      })),
    );
    const byText = Object.fromEntries(all.map((row) => [row.text, row]));
    expect(Object.keys(byText).sort()).toEqual([...molecules].sort());
    const [cc, cccc] = [99, 102]; // after 5 specials and 94 characters: CC, cc, c1, cccc
    const of = (character: string) => 5 + character.charCodeAt(0) - 33;
    expect(byText.CCO.ids).toEqual([0, cc, of('O'), 2]);
    expect(byText.c1ccccc1.ids).toEqual([0, of('c'), of('1'), cccc, of('c'), of('1'), 2]); // letters and digits never merge
    expect(byText.CCO.label).toBe(1);
    // benzene and toluene share a scaffold, and so do the chains
    const part = (text: string) =>
      Array.from({ length: dataset.train.count }, (_, i) => dataset.train.text!(i)).includes(text);
    expect(part('c1ccccc1')).toBe(part('Cc1ccccc1'));
    expect(part('CCO')).toBe(part('CCN'));
  });
  it.each([
    [
      'a label that is none',
      { 'cyp3a4_veith.tab': table.replace('CCO\t1', 'CCO\t2') },
      /expected 0 or 1 in Y; found "2" in line 3/,
    ],
    [
      'a molecule that is not there',
      { 'cyp3a4_veith.tab': table.replace('CCO', '') },
      /cyp3a4_veith\.tab: expected a molecule \(SMILES\) in Drug; line 3 has none\. Remove the line/,
    ],
    ['no molecule', { 'cyp3a4_veith.tab': 'Drug_ID\tDrug\tY\n' }, /it has no molecules/],
    ['a vocabulary that is none', { 'vocab.json': '[1]' }, /vocab.json is not an object/],
    ['merges that are none', { 'merges.txt': 'a b c' }, /merges.txt has the line "a b c"/],
    [
      'ids that the task does not take',
      { 'vocab.json': JSON.stringify({ '<s>': 0, '</s>': 2, '<unk>': 1500 }) },
      /the tokenizer gives the id 1500 for c1ccccc1/,
    ],
  ])('with %s is refused', async (_, change, message) => {
    writeFiles(folderOf('cyp3a4'), { ...files, ...change } as Record<string, string>);
    await expect(loadDataset('cyp3a4', { home })).rejects.toThrow(message);
  });
});

it('a table with an empty cell is refused, and its line is named', async () => {
  const file = join(home, 'empty.tab');
  writeFileSync(file, 'Drug_ID\tDrug\tY\n1\tCCO\t0\n2\t\t1\n3\tc1ccccc1N\t1\n');
  await expect(openData(home).split('cyp3a4', file)).rejects.toMatchObject({
    code: 'data',
    message: expect.stringMatching(/empty\.tab: .* line 3 has none/),
  });
});

describe('pulling', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openServer();
  });
  afterAll(() => server.close());

  const content = async () => tarGzOf(cifarFiles);
  const rowFor = (bytes: Buffer): DatasetRow => ({
    ...cifar10Dataset,
    files: [{ name: 'cifar-10-binary.tar.gz', url: `${server.url}/c.tar.gz`, bytes: bytes.length, md5: md5(bytes) }],
  });

  it('a pull that was killed at its last byte leaves no lock after the next pull, which uses the decoded data', async () => {
    const bytes = await content();
    server.answer(serve(bytes));
    const { url } = rowFor(bytes).files[0];
    const to = join(folderOf('cifar10'), 'cifar-10-binary.tar.gz');
    const dying = `import { download } from '#zoo/download';
      await download(${JSON.stringify({ url, path: to })});`;
    const args = ['--import', './tests/reliability/killer.ts', '--input-type=module', '-e', dying];
    const child = spawn(process.execPath, args, { env: { ...process.env, KILL_ON: 'after rename .*incomplete' } });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    (await loadRow(rowFor(bytes), { home })).close(); // as a run does
    const stages = new Set<string>();
    await pullDataset(rowFor(bytes), { home, onProgress: ({ stage }) => void stages.add(stage) });
    expect(readdirSync(folderOf('cifar10'))).toEqual(['cifar-10-binary.tar.gz']);
    expect(describeDataset(rowFor(bytes), home).state).toBe('ready');
    expect([...stages]).toEqual([]);
  });

  it('downloads, verifies and decodes, reports progress, and continues where it was stopped', async () => {
    const bytes = await content();
    const row = rowFor(bytes);
    const stop = new AbortController();
    let half: () => void;
    const arrived = new Promise<void>((resolve) => {
      half = resolve;
    });
    server.answer(serve(bytes, { until: Math.floor(bytes.length / 2), arrived: () => arrived }), serve(bytes));
    const first = pullDataset(row, {
      home,
      signal: stop.signal,
      onProgress(progress) {
        if (progress.stage !== 'download' || progress.bytes === 0) return;
        stop.abort(new Error('stopped'));
        half();
      },
    });
    await expect(first).rejects.toThrow('stopped');
    const stages = new Set<string>();
    await pullDataset(row, { home, onProgress: ({ stage }) => void stages.add(stage) });
    expect([...stages]).toEqual(['download', 'decode']);
    expect(server.requests.at(-1)?.range).toMatch(/^bytes=\d+-$/);
    expect(await verifyDataset(row, home)).toEqual([
      { name: 'cifar-10-binary.tar.gz', result: 'ok', text: `MD5 ${md5(bytes)}` },
    ]);
    const { dataset } = await loadRow(row, { home });
    expect(dataset.test.count).toBe(2);
  });

  it('refuses and deletes bytes that differ from the published ones', async () => {
    const bytes = await content();
    const row = rowFor(bytes);
    const other = Buffer.from(bytes);
    other[100] ^= 1;
    server.answer(serve(other));
    await expect(pullDataset(row, { home })).rejects.toThrow(/MD5|md5/);
    expect(readdirSync(folderOf('cifar10'))).toEqual([]);
  });

  it('links to a folder that has the files, which a removal leaves alone', async () => {
    const own = join(home, 'elsewhere');
    writeFiles(own, { 'cifar-10-binary.tar.gz': await content() });
    await pullDataset(cifar10Dataset, { home, from: own });
    expect((await loadDataset('cifar10', { home })).dataset.train.count).toBe(5);
    const data = openData(home);
    const { freedBytes, kept } = await data.rm('cifar10');
    expect(freedBytes).toBeGreaterThan(7 * 3072);
    expect(kept).toEqual([]);
    expect(existsSync(folderOf('cifar10'))).toBe(false);
    expect(data.removed()).toEqual([{ name: 'cifar10', bytes: freedBytes }]);
    expect(await data.restore('cifar10')).toMatchObject({ state: 'ready', place: 'linked' });
    await data.rm('cifar10');
    await data.close();
    expect(readdirSync(own)).toEqual(['cifar-10-binary.tar.gz']);
    expect(readdirSync(join(home, 'data'))).toEqual([]);
  });

  it('does not link to a folder that lacks files, nor replace existing files by a link', async () => {
    mkdirSync(join(home, 'empty'));
    await expect(pullDataset(cifar10Dataset, { home, from: join(home, 'empty') })).rejects.toThrow(
      /expected cifar-10-binary.tar.gz; found not all of them/,
    );
    put('cifar10', 'mine.txt', 'mine');
    const own = join(home, 'elsewhere');
    writeFiles(own, { 'cifar-10-binary.tar.gz': await content() });
    await expect(pullDataset(cifar10Dataset, { home, from: own })).rejects.toThrow(
      /already has files. Run permafrost data rm cifar10/,
    );
    expect(readdirSync(folderOf('cifar10'))).toEqual(['mine.txt']);
  });

  it("is undone by removing, which keeps the user's files; undoing that makes the data ready again", async () => {
    put('cifar10', 'cifar-10-binary.tar.gz', await content());
    put('cifar10', 'mine.txt', 'mine');
    await loadDataset('cifar10', { home });
    const data = openData(home);
    const state = async () => (await data.list()).find(({ name }) => name === 'cifar10')!.state;
    const { kept } = await data.rm('cifar10');
    expect(kept).toEqual([join(folderOf('cifar10'), 'mine.txt')]);
    expect(await state()).toBe('absent');
    expect(await data.restore('cifar10')).toMatchObject({ state: 'ready' });
    await expect(data.restore('cifar10')).rejects.toThrow(/was not removed/);
    await data.rm('cifar10');
    await data.close();
    expect(readdirSync(folderOf('cifar10'))).toEqual(['mine.txt']);
    expect(existsSync(join(home, 'cache/datasets/cifar10'))).toBe(false);
  });

  it('names a file that differs from the published one', async () => {
    writeFiles(folderOf('cifar10'), { 'cifar-10-binary.tar.gz': gzipSync('x') });
    const [check] = await verifyDataset(cifar10Dataset, home);
    expect(check).toMatchObject({
      result: 'differs',
      text: expect.stringMatching(/expected 170052171 bytes; found \d+/),
    });
    rmSync(folderOf('cifar10'), { recursive: true });
    expect((await verifyDataset(cifar10Dataset, home))[0].result).toBe('missing');
  });
});

it('a decoded set that is damaged on the disk is decoded again', async () => {
  put('cifar10', 'cifar-10-binary.tar.gz', await tarGzOf(cifarFiles));
  await loadDataset('cifar10', { home });
  writeFileSync(join(home, 'cache/datasets/cifar10/values.bin'), new Uint8Array(10));
  const { dataset } = await loadDataset('cifar10', { home });
  expect(dataset.train.sample(0)).toEqual(image(1));
});
