/** The readers of data files: right answers, exact errors, and for damaged files one or the other, never anything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { readCifar } from '#formats/cifar';
import { readIdx } from '#formats/idx';
import { bytesSource } from '#formats/source';
import { tsvRows } from '#formats/tsv';
import { readWav } from '#formats/wav';
import { cifarFile, wavFile } from './samples.ts';

const sound = Int16Array.of(0, 1, -1, 32767, -32768, 258);
const images = Uint8Array.from({ length: 2 * 3072 }, (_, i) => (i * 7) % 256);
const table = new TextEncoder().encode('Drug_ID\tDrug\tY\n644510.0\tCC(=O)O\t1\n12.0\t"C1=CC=CC=C1"\t0\n');
const wav = (bytes: Uint8Array) => readWav(bytesSource(bytes), 'a.wav');
const cifar = (bytes: Uint8Array) => readCifar(bytesSource(bytes), 'batch.bin');
const tsv = (bytes: Uint8Array) => Array.from(tsvRows([bytes], ['Y', 'Drug'], 'a.tab'), ({ cells }) => cells);

it('a sound is read sample by sample, other chunks skipped', () => {
  expect(wav(wavFile(sound))).toEqual({ rate: 16000, samples: sound });
  const shifted = new Uint8Array([9, ...wavFile(sound)]).subarray(1); // at an odd address
  expect(wav(shifted).samples).toEqual(sound);
});

it('CIFAR records are returned with channels last', () => {
  expect(cifar(cifarFile(images, [3, 9]))).toEqual({ images, labels: Uint8Array.of(3, 9) });
});

it('a table gives the requested columns, in any order and without quotes', () => {
  expect(tsv(table)).toEqual([
    { Y: '1', Drug: 'CC(=O)O' },
    { Y: '0', Drug: 'C1=CC=CC=C1' },
  ]);
  expect(tsv(new TextEncoder().encode('Drug\tY\r\nC\t1'))).toEqual([{ Y: '1', Drug: 'C' }]);
});

describe('an error says what was expected and found:', () => {
  const text = (value: string) => new TextEncoder().encode(value);
  it.each([
    [
      'stereo',
      () => wav(wavFile(sound, { channels: 2 })),
      /a.wav: expected one channel of 16-bit PCM; found format 1, 2 channels/,
    ],
    ['8 bits', () => wav(wavFile(sound, { bits: 8 })), /8 bits/],
    ['a compressed sound', () => wav(wavFile(sound, { format: 6 })), /format 6/],
    ['a sound cut off', () => wav(wavFile(sound).subarray(0, 60)), /"data" should have 12 bytes; only 4 are left/],
    ['no WAV at all', () => wav(text('<html>not found')), /expected RIFF … WAVE; found "<htm … t fo"/],
    ['an empty file', () => wav(text('')), /12 bytes; the file has 0/],
    [
      'half a record',
      () => cifar(cifarFile(images, [1, 2]).subarray(0, 4000)),
      /records of 3,073 bytes; the file has 4000 bytes, which is 1 record and a part/,
    ],
    ['no record', () => cifar(text('')), /the file has 0 bytes, which is no record/],
    ['label 10', () => cifar(cifarFile(images, [1, 10])), /found 10 at image 1/],
    ['a missing column', () => tsv(text('Drug\tLabel\nC\t1')), /expected a column "Y"; its first line has Drug, Label/],
    ['a short line', () => tsv(text('Drug\tY\nC')), /line 2 has 1 cells; its header has 2/],
    ['no text', () => tsv(Uint8Array.of(0x44, 0xff)), /not text/],
  ] as const)('%s', (_, read, message) => {
    expect(read).toThrow(message);
  });
});

/** A file with up to eight bytes changed, then cut, doubled or left. */
const mutated = (file: Uint8Array) =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(Math.min(file.length, 64) - 1), fc.nat(255)), { maxLength: 8 }),
      far: fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 2 }),
      length: fc.oneof(fc.constant(file.length), fc.nat(file.length), fc.constant(file.length + 1)),
    })
    .map(({ changes, far, length }) => {
      const bytes = new Uint8Array(length);
      bytes.set(file.subarray(0, length));
      for (const [at, value] of [...changes, ...far]) if (at < length) bytes[at] = value;
      return bytes;
    });

const idxFile = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

/** What must hold of whatever a reader accepts. */
const readers: { name: string; file: Uint8Array; check: (bytes: Uint8Array) => void }[] = [
  {
    name: 'wav',
    file: wavFile(sound),
    check(bytes) {
      const { rate, samples } = wav(bytes);
      expect(rate).toBeGreaterThan(0);
      expect(2 * samples.length).toBeLessThanOrEqual(bytes.length - 28);
      // the samples are bytes of the file, in order
      const found = Buffer.from(samples.buffer);
      expect(Buffer.from(bytes).includes(found)).toBe(true);
    },
  },
  {
    name: 'cifar',
    file: cifarFile(images.subarray(0, 3072), [4]),
    check(bytes) {
      const { images, labels } = cifar(bytes);
      expect(Buffer.compare(cifarFile(images, labels), bytes)).toBe(0); // toEqual is slow
    },
  },
  {
    name: 'idx',
    file: idxFile,
    check(bytes) {
      const { shape, data } = readIdx(bytesSource(bytes), 3, 'a.idx');
      expect(shape.reduce((a, b) => a * b, 1)).toBe(data.length);
      expect(data).toEqual(bytes.subarray(16));
    },
  },
  {
    name: 'tsv',
    file: table,
    check(bytes) {
      const cells = tsv(bytes).flatMap(({ Y, Drug }) => [Y, Drug]);
      const source = new TextDecoder().decode(bytes);
      for (const cell of cells) expect(source.includes(cell)).toBe(true);
    },
  },
];

it.each(readers)(
  '2,000 damaged $name files are refused by name or read rightly',
  ({ file, check }) => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated(file), (bytes) => {
        try {
          check(bytes);
          accepted++;
        } catch (error) {
          if (!(error instanceof PermafrostError && error.code === 'data')) throw error;
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(20); // some damage is invisible to a reader
  },
  60_000,
);
