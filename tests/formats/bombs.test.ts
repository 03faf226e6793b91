/** Files that are small, or claim much, and would take gigabytes: every reader refuses them in bounded memory and time. */
import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import CRC32 from 'crc-32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tarOf } from '../zoo/archives.ts';

const giga = 2 ** 30;
const mega = 2 ** 20;

/** Deflate of `times` × `bytes`, made from one piece: a flush makes pieces independent. */
function deflated(bytes: Uint8Array, times: number): Buffer {
  const piece = deflateRawSync(bytes, { finishFlush: constants.Z_FULL_FLUSH });
  const end = Buffer.of(1, 0, 0, 255, 255); // the last block, empty
  return Buffer.concat([...Array.from({ length: times }, () => piece), end]);
}
/** The same for gzip, whose members simply follow each other. */
function gzipped(bytes: Uint8Array, times: number): Buffer {
  const piece = gzipSync(bytes);
  return Buffer.concat(Array.from({ length: times }, () => piece));
}

interface Entry {
  packed: Uint8Array;
  /** As the archive claims. */
  size: number;
  crc?: number;
  stored?: boolean;
}
const stored = (content: string | Uint8Array): Entry => {
  const packed = Buffer.from(content);
  return { packed, size: packed.length, crc: CRC32.buf(packed) >>> 0, stored: true };
};
/** A ZIP archive with the given claims about its entries. */
function zipOf(entries: Record<string, Entry>): Buffer {
  const [files, directory]: Buffer[][] = [[], []];
  let at = 0;
  for (const [name, { packed, size, crc = 0, stored = false }] of Object.entries(entries)) {
    const field = Buffer.alloc(26);
    field.writeUInt16LE(20);
    field.writeUInt16LE(stored ? 0 : 8, 4);
    field.writeUInt32LE(crc, 10);
    field.writeUInt32LE(packed.length, 14);
    field.writeUInt32LE(size, 18);
    field.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    files.push(Buffer.from('PK\x03\x04'), field, Buffer.from(name), Buffer.from(packed));
    directory.push(Buffer.from('PK\x01\x02\x14\0'), field, place, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const length = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(directory.length / 4, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, ...directory, end]);
}

function safetensorsWith(header: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
/** JSON that makes an object of every three bytes. */
const brackets = (bytes: number): Buffer =>
  Buffer.concat([Buffer.from('{"a":['), Buffer.alloc(bytes, '[],'), Buffer.from('0]}')]);

const pickleOf = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([0x80, 2]), bytes, Buffer.from('.')]);
const torchOf = (pickle: Buffer, size = pickle.length): Buffer =>
  zipOf({ 'a/data.pkl': { packed: deflateRawSync(pickle), size, crc: CRC32.buf(pickle) >>> 0 } });
/** Lists that hold the one before ten times: a few bytes, and endless as text. */
function nested(): Buffer {
  const layer = Buffer.concat([
    Buffer.from('q\x00(', 'latin1'),
    Buffer.from('h\x00'.repeat(10), 'latin1'),
    Buffer.from('t'),
  ]);
  return Buffer.concat([Buffer.from(']'), ...Array.from({ length: 12 }, () => layer)]);
}

let root: string;
const bombs: { name: string; reader: string; path: string; code: string; message: RegExp }[] = [];
function lay(name: string, content: Uint8Array | { start: Uint8Array; size: number }): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  if (content instanceof Uint8Array) writeFileSync(path, content);
  else {
    const file = openSync(path, 'w');
    writeSync(file, content.start);
    ftruncateSync(file, content.size); // a hole, which takes no room on the disk
    closeSync(file);
  }
  return path;
}
const hole = (size: number, start: Uint8Array | string = '') => ({ start: Buffer.from(start), size });

function add(name: string, reader: string, path: string, code: string, message: RegExp): void {
  bombs.push({ name, reader, path, code, message });
}
function addCheckpoint(name: string, content: Parameters<typeof lay>[1], message: RegExp): void {
  add(name, 'checkpoint', lay(`checkpoints/${name.replaceAll(' ', '-')}`, content), 'weights', message);
}
function addData(
  name: string,
  dataset: string,
  file: string,
  content: Parameters<typeof lay>[1],
  message: RegExp,
): void {
  lay(`${name}/data/${dataset}/${file}`, content);
  add(name, dataset, join(root, name), 'data', message);
}

let runtime = 0;
let outcomes: ({ code: string; message: string; seconds: number; megabytes: number } | undefined)[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'permafrost-bombs-'));
  const zeros = Buffer.alloc(16 * mega);
  const member = async (path: string, size: number) => {
    const tar = await tarOf({ [path]: '' });
    const at = path.includes('/') ? 512 : 0; // behind the folder's
    const header = tar.subarray(at, at + 512);
    header.write(size.toString(8).padStart(11, '0'), 124);
    header.fill(' ', 148, 156);
    header.write(
      header
        .reduce((sum, byte) => sum + byte)
        .toString(8)
        .padStart(6, '0'),
      148,
    );
    return Buffer.concat([gzipSync(header), gzipped(zeros, size / zeros.length), gzipSync(Buffer.alloc(1024))]);
  };
  const cifar = 'cifar-10-binary.tar.gz';
  addData(
    'a batch of a gigabyte',
    'cifar10',
    cifar,
    await member('test_batch.bin', giga),
    /test_batch.bin has 1073741824 bytes; expected at most 30730000/,
  );
  addData('a stray file of 512 MB', 'cifar10', cifar, await member('a.txt', giga / 2), /data_batch_1.bin is missing/);
  addData(
    'an archive of many gigabytes',
    'cifar10',
    cifar,
    await member('a.txt', 8 * giga),
    /expected files of at most 1,073,741,824 bytes/,
  );
  const speech = 'speech_commands_v0.02.tar.gz';
  addData(
    'a clip of a gigabyte',
    'speech-commands',
    speech,
    await member('yes/a.wav', giga),
    /expected at most 1048576/,
  );
  const images = 'train-images-idx3-ubyte';
  addData(
    'a gzip of a gigabyte',
    'mnist',
    `${images}.gz`,
    gzipped(zeros, 64),
    /train-images-idx3-ubyte.gz: expected at most 134,217,728 bytes/,
  );
  addData('images of four gigabytes', 'mnist', images, hole(4 * giga), /the file has 4,294,967,296/);
  addData('a batch of four gigabytes', 'cifar10', 'test_batch.bin', hole(4 * giga), /the file has 4,294,967,296/);
  addData(
    'a table of four gigabytes',
    'cyp3a4-graph',
    'cyp3a4_veith.tab',
    hole(4 * giga),
    /the file has 4,294,967,296/,
  );
  lay('a long line/data/listops/basic_val.tsv', Buffer.from(''));
  addData(
    'a long line',
    'listops',
    'basic_train.tsv',
    hole(giga, 'Source\tTarget\n'),
    /a line of more than 1048576 bytes/,
  );

  addCheckpoint(
    'a header of 99 MB',
    safetensorsWith(brackets(99e6)),
    /its header has 990\d+ bytes; expected at most 4194304/,
  );
  addCheckpoint('a header of brackets', safetensorsWith(brackets(3_999_999)), /more than 120000 lists and objects/);
  addCheckpoint('a name of brackets', safetensorsWith(Buffer.from(`{"a":${'['.repeat(1e6)}`)), /nested too deeply/);
  addCheckpoint(
    'a zip that lies',
    zipOf({ 'a.npy': { packed: deflated(zeros, 64), size: 100 } }),
    /a.npy should have 100 bytes, but has more/,
  );
  addCheckpoint(
    'an array that is deflated',
    zipOf({ 'a.npy': { packed: deflated(zeros, 64), size: giga } }),
    /does not begin with the magic number of an array/,
  );
  addCheckpoint('a directory of a gigabyte', hole(giga, ''), /neither a zip nor a PyTorch pickle/);
  addCheckpoint('a pickle of many lists', torchOf(Buffer.alloc(32 * mega, ']')), /expected at most 16777216/);
  addCheckpoint('a pickle of some lists', torchOf(Buffer.alloc(16 * mega, ']')), /more than 1000000 instructions/);
  addCheckpoint('a pickle of dictionaries', torchOf(Buffer.alloc(16 * mega, '}')), /more than 1000000 instructions/);
  addCheckpoint('a long text', hole(2 * giga, Buffer.from([0x80, 2, 0x58, 0, 0, 0, 0x70])), /more than 16777216 bytes/);
  addCheckpoint(
    'a nested name',
    torchOf(pickleOf(Buffer.concat([nested(), Buffer.from('N\x93', 'latin1')]))),
    /the name of a global is not text/,
  );
  addCheckpoint('a nested magic number', pickleOf(nested()), /its magic number is a list of 10/);

  const config = JSON.stringify({
    id: 'r',
    createdAt: 0,
    name: 'r',
    params: { task: 'bit-xor', n: 5, num_patterns: 2 },
    args: {},
  });
  const manifest = (files: object[]) =>
    stored(JSON.stringify({ format: 'permafrost-bundle', version: 1, made: '2026-11-26', files }));
  const lines = Buffer.alloc(12 * mega, '{}\n');
  const journals: [string, Entry, RegExp][] = [
    ['a journal of short lines', { packed: deflated(lines, 30), size: lines.length * 30 }, /line 1: expected an entry/],
    ['a journal of one line', { packed: deflated(zeros, 24), size: zeros.length * 24 }, /a line of more than 1048576/],
    [
      'a journal of a gigabyte',
      { packed: deflated(zeros, 64), size: giga },
      /at most 536870912 bytes; found 1073741824/,
    ],
  ];
  for (const [name, journal, message] of journals) {
    const files = {
      'manifest.json': manifest([]),
      'runs/r/config.json': stored(config),
      'runs/r/journal.jsonl': journal,
    };
    add(name, 'bundle', lay(`${name}.zip`, zipOf(files)), 'internal', message);
  }
  const large = { packed: deflated(zeros, 32), size: zeros.length * 32 };
  add(
    'a manifest of 512 MB',
    'bundle',
    lay('m.zip', zipOf({ 'manifest.json': large })),
    'data',
    /expected at most 16777216/,
  );
  lay('model/model.safetensors', Buffer.from(''));
  lay('model/config.json', hole(4 * giga));
  add('a config.json of four gigabytes', 'model', join(root, 'model'), 'data', /the file has 4,294,967,296/);

  const script = join(import.meta.dirname, 'readBombs.ts');
  const list = JSON.stringify(bombs.map(({ reader, path }) => [reader, path]));
  const limits = { maxBuffer: 16 * mega, timeout: 100_000, killSignal: 'SIGKILL' } as const;
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, list], limits).catch(
    (error: { stdout: string }) => error,
  ); // killed, it has said something
  const [first, ...rest] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  runtime = first.megabytes;
  outcomes = rest;
});
afterAll(() => rmSync(root, { recursive: true }));

it('every reader refuses every bomb by name, within 300 MB and ten seconds', () => {
  const told = bombs.map(({ name, code, message }, i) => {
    const { megabytes, seconds, ...found } = outcomes[i] ?? { code: 'killed', message: '', seconds: 100, megabytes: 0 };
    const isRefused = found.code === code && message.test(found.message);
    const said = isRefused ? 'refused' : `${found.code}: ${found.message.slice(0, 300)}`;
    const memory = megabytes - runtime < 300 ? 'little memory' : `${Math.round(megabytes - runtime)} MB`;
    return [name, said, memory, seconds < 10 ? 'soon' : `after ${seconds} s`];
  });
  expect(told).toEqual(bombs.map(({ name }) => [name, 'refused', 'little memory', 'soon']));
});
