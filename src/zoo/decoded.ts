/**
 * The decoded form of a data set in `{home}/cache/datasets/{name}`: `values.bin` contains all samples one after the other,
 * and `index.safetensors` their labels, their splits, and the files they were decoded from. It is made once, so that no epoch
 * has to read an archive again.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { draftOf, makeFolder, sweepDrafts, writeFully } from '#disk/atomicFile';
import { diskError } from '#disk/troubles';
import { readSafetensors, safetensorsChunks, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { denseSamples, pickSamples, raggedSamples } from '#tasks/samples';
import type { Dataset, SampleSet, SampleValues } from '#tasks/task';

const types = { u8: Uint8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array };

/** The format in which the samples of a data set are stored. */
export interface SampleLayout {
  type: keyof typeof types;
  /** Values per sample; null if samples differ in length. */
  width: number | null;
}

export interface SampleWriter {
  add(values: SampleValues, label: number, text?: string): void;
}

/** Indices of the samples of each split, counted in the order in which they were added. */
export interface SplitRows {
  train: ArrayLike<number>;
  test: ArrayLike<number>;
  /** How the samples were made, if that needs a sentence. */
  remark?: string;
}

export interface Decoded {
  dataset: Dataset;
  /** The decoder's remark. */
  remark?: string;
  /** Closes the file, if samples are read from it one by one. */
  close(): void;
}

const mostInMemory = 2 ** 30; // bytes; samples of larger data sets are read one by one
const chunkBytes = 4 * 2 ** 20;
const valuesFile = 'values.bin';
const indexFile = 'index.safetensors';
const textsFile = 'texts.txt';

/** Writes a decoded data set, completely or not at all. `source` identifies the files that it is decoded from. Throws `disk`. */
export async function writeDecoded(
  folder: string,
  source: string,
  layout: SampleLayout,
  fill: (writer: SampleWriter) => Promise<SplitRows>,
): Promise<void> {
  const draft = draftOf(folder);
  sweepDrafts(dirname(folder));
  makeFolder(draft);
  try {
    await fillDraft(draft, source, layout, fill);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder); // last, because a folder that exists is complete
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw diskError(folder, error);
  }
}

async function fillDraft(
  draft: string,
  source: string,
  { type, width }: SampleLayout,
  fill: (writer: SampleWriter) => Promise<SplitRows>,
): Promise<void> {
  const file = openSync(join(draft, valuesFile), 'w');
  try {
    const chunk = new Uint8Array(chunkBytes);
    const labels: number[] = [];
    const starts = [0];
    const texts: string[] = [];
    let filled = 0;
    const flush = () => {
      writeFully(file, chunk.subarray(0, filled));
      filled = 0;
    };
    const rows = await fill({
      add(values, label, text) {
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        if (filled + bytes.length > chunk.length) flush();
        if (bytes.length > chunk.length) writeFully(file, bytes);
        else chunk.set(bytes, filled);
        filled += bytes.length > chunk.length ? 0 : bytes.length;
        labels.push(label);
        starts.push(starts[starts.length - 1] + values.length);
        if (text !== undefined) texts.push(text);
      },
    });
    flush();
    const column = (data: ArrayLike<number>) => ({ shape: [data.length], data: Int32Array.from(data) });
    const tensors = {
      labels: column(labels),
      train: column(rows.train),
      test: column(rows.test),
      ...(width === null ? { starts: column(starts) } : {}),
    };
    const bytes = String(starts[starts.length - 1] * types[type].BYTES_PER_ELEMENT);
    const metadata: Record<string, string> = { source, type, width: String(width ?? ''), bytes };
    if (rows.remark) metadata.remark = rows.remark;
    const index = [...safetensorsChunks(tensors, metadata)];
    if (texts.length) writeFileSync(join(draft, textsFile), texts.join('\n'));
    writeFileSync(join(draft, indexFile), Buffer.concat(index));
  } finally {
    closeSync(file);
  }
}

/**
 * Opens the decoded data set; null if there is no complete one that was made from `source`. If it is larger than `memory` bytes,
 * its samples are read one by one.
 */
export function openDecoded(folder: string, source: string, memory = mostInMemory): Decoded | null {
  const index = readIndex(folder);
  if (!index || index.metadata.source !== source) return null;
  const { labels, train, test, starts, metadata } = index;
  const layout: SampleLayout = { type: metadata.type as SampleLayout['type'], width: Number(metadata.width) || null };
  const path = join(folder, valuesFile);
  const texts = existsSync(join(folder, textsFile)) ? readFileSync(join(folder, textsFile), 'utf8').split('\n') : null;
  const size = existsSync(path) ? statSync(path).size : 0;
  if (size !== Number(metadata.bytes)) return null;
  const file = size > memory && layout.width !== null ? openSync(path, 'r') : null;
  const all = file === null ? inMemory(path, layout, starts, labels) : onDisk(file, layout, labels);
  if (texts) all.text = (i) => texts[i];
  const dataset = { train: pickSamples(all, train), test: pickSamples(all, test) };
  return { dataset, remark: metadata.remark, close: () => void (file !== null && closeSync(file)) };
}

/** A text that changes whenever the decoded form does; null if there is none. */
export function markOf(folder: string): string | null {
  const stats = statSync(join(folder, indexFile), { throwIfNoEntry: false });
  return stats ? `${stats.mtimeMs} ${stats.size}` : null;
}

/** How often each label occurs in the test set of the decoded form, whatever it was made from; null if there is none. */
export function testCounts(folder: string): number[] | null {
  const index = readIndex(folder);
  if (!index) return null;
  const counts: number[] = [];
  for (const row of index.test) counts[index.labels[row]] = (counts[index.labels[row]] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}

function readIndex(folder: string) {
  const path = join(folder, indexFile);
  if (!existsSync(path)) return null;
  const bytes = bytesSource(readFileSync(path));
  const { tensors, metadata } = readSafetensors(bytes);
  const column = (name: string) => {
    const tensor = tensors.get(name);
    return tensor ? (tensorData(bytes, tensor) as Int32Array) : new Int32Array();
  };
  return {
    labels: column('labels'),
    train: column('train'),
    test: column('test'),
    starts: column('starts'),
    metadata,
  };
}

function inMemory(path: string, { type, width }: SampleLayout, starts: Int32Array, labels: Int32Array): SampleSet {
  const bytes = readFileSync(path);
  const values = new types[type](bytes.buffer, bytes.byteOffset, bytes.byteLength / types[type].BYTES_PER_ELEMENT);
  return width === null ? raggedSamples(values, starts, labels) : denseSamples(values, width, labels);
}

/** Reads samples one at a time into the same buffer. The operating system caches those that are used often. */
function onDisk(file: number, { type, width }: SampleLayout, labels: Int32Array): SampleSet {
  const values = new types[type](width!);
  const bytes = new Uint8Array(values.buffer);
  return {
    count: labels.length,
    labels,
    sample(i) {
      const read = readSync(file, bytes, 0, bytes.length, i * bytes.length);
      if (read === bytes.length) return values;
      throw new PermafrostError(
        'data',
        `Sample ${i} of the decoded data ends after ${read} of ${bytes.length} bytes. Delete the data set's folder in cache/datasets. The next run decodes the data again.`,
      );
    },
  };
}
