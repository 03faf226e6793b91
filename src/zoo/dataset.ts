/** The description of a data set. Each data set has a file that exports its row of the table in `datasets.ts`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '#tasks/task';
import type { SampleLayout, SampleWriter, SplitRows } from './decoded.ts';

/** A file that a pull downloads into the data set's folder. */
export interface DatasetFile {
  name: string;
  url: string;
  bytes?: number;
  md5?: string;
  sha256?: string;
  /** The digest is that of a known copy. The server may send another form of the same data, which is used with a note. */
  mayDiffer?: boolean;
}

export interface LoadedDataset {
  dataset: Dataset;
  /** The folder that it came from. */
  source: string;
  /** Notes for readers of the run's numbers, e.g. that a file is not the official one. */
  notes: string[];
  /** How the samples were made, if that needs a sentence. */
  remark?: string;
  close(): void;
}

export interface DecodeOptions {
  /** Called with the description of another process that is decoding the data set, while this one waits. */
  onWait?(process: string): void;
  onProgress?(done: number, total: number | null, unit: string): void;
  signal?: AbortSignal;
  /** Path of the Node that runs helper processes; this process's own by default, which does not work inside Electron. */
  node?: string;
}

interface Description {
  name: string;
  title: string;
  licence: string;
  page: string;
  /** Empty for generated data. */
  files: readonly DatasetFile[];
  /** Paths of which at least one exists if the user has unpacked the files. */
  unpacked: readonly string[];
  /** Paths of a form of the data set that is not read, and advice for a user who has that. */
  otherForm?: { paths: readonly string[]; advice: string };
  /** How often each label occurs in the official test set, where it is known without the data. */
  testCounts: readonly number[] | null;
  /** The meaning of each id where samples are symbols of a text; may be read from the folder. */
  symbols?(folder: string): readonly string[];
}

/** A data set that is decoded once into the cache. */
export interface DecodedRow extends Description {
  layout: SampleLayout;
  /** Raise it whenever the same files decode to different samples. */
  version: number;
  /** Adds every sample in the folder's files to the writer and returns the split of each. Throws `data`. */
  decode(folder: string, writer: SampleWriter, options: DecodeOptions): Promise<SplitRows>;
}

/** A data set whose files need no decoding and are read directly. */
export interface DirectRow extends Description {
  direct(folder: string): LoadedDataset;
  /** Whether a folder has every file, none of them empty. */
  isWhole(folder: string): boolean;
  /** The folder of a package that contains the files; null if it is not installed. */
  bundled(): string | null;
}

export type DatasetRow = DecodedRow | DirectRow;
export const isDirect = (row: DatasetRow): row is DirectRow => 'direct' in row;

/** Advice for a folder that has another form of the data set; null if it has not. */
export const adviceOn = ({ otherForm }: DatasetRow, folder: string): string | null =>
  otherForm?.paths.some((path) => existsSync(join(folder, path))) ? otherForm.advice : null;

/** The row numbers `from` … `to` − 1. */
export const rowRange = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to - from }, (_, i) => from + i);
