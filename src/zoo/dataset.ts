/** What a data set is. One file per data set exports one row of the table in `datasets.ts`. */
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
  /** The digest is that of a known copy; the server may give another form of the same data, which is used with a note. */
  mayDiffer?: boolean;
}

export interface LoadedDataset {
  dataset: Dataset;
  /** The folder that it came from. */
  source: string;
  /** What a reader of the run's numbers should know, e.g. files that are not the official ones. */
  notes: string[];
  /** How the samples were made, where there is something to say. */
  remark?: string;
  close(): void;
}

export interface DecodeOptions {
  /** Told in words of another process that decodes the data set now, which is waited for. */
  onWait?(process: string): void;
  onProgress?(done: number, total: number | null, unit: string): void;
  signal?: AbortSignal;
  /** The Node of processes that help; this process's own by default, which will not do inside Electron. */
  node?: string;
}

interface Description {
  name: string;
  title: string;
  licence: string;
  page: string;
  /** None for data that are made here. */
  files: readonly DatasetFile[];
  /** Paths in the folder one of which is there when its files have been unpacked by the user. */
  unpacked: readonly string[];
  /** Paths of a form of the data set that is not read, and advice for a user who has that. */
  otherForm?: { paths: readonly string[]; advice: string };
  /** How often each label occurs in the official test set, where it is known without the data. */
  testCounts: readonly number[] | null;
  /** What each id stands for, by id, where samples are symbols of a text; read from the folder where it is written there. */
  symbols?(folder: string): readonly string[];
}

/** Decoded once into the cache. */
export interface DecodedRow extends Description {
  layout: SampleLayout;
  /** Changes whenever the same files decode to something else. */
  version: number;
  /** Reads the folder's files, adds every sample to the writer and says which belong to which split. Throws `data`. */
  decode(folder: string, writer: SampleWriter, options: DecodeOptions): Promise<SplitRows>;
}

/** Read directly, since its files are as good as decoded. */
export interface DirectRow extends Description {
  direct(folder: string): LoadedDataset;
  /** Whether a folder has every file, none of them empty. */
  isWhole(folder: string): boolean;
  /** The folder of a package that brings the files along; null where it is not installed. */
  bundled(): string | null;
}

export type DatasetRow = DecodedRow | DirectRow;
export const isDirect = (row: DatasetRow): row is DirectRow => 'direct' in row;

/** Advice for a folder that has another form of the data set; null where it has none. */
export const adviceOn = ({ otherForm }: DatasetRow, folder: string): string | null =>
  otherForm?.paths.some((path) => existsSync(join(folder, path))) ? otherForm.advice : null;

/** Rows `from` … `to` − 1. */
export const rowRange = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to - from }, (_, i) => from + i);
