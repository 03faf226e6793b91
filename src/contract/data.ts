/** Data sets: their schemas, samples and services. */
import { z } from 'zod';
import type { ExperimentConfig } from './config.ts';
import type { Floor } from './floor.ts';
import { bytesText } from './format.ts';
import { downloadProgress, type PullOf, type Removed } from './zoo.ts';

export const datasetState = z.enum([
  'absent', // no file is on this machine
  'partial', // some files are missing
  'present', // all files are here; the first run decodes them
  'ready', // the files are decoded; a run starts at once
]);

export const datasetInfo = z.object({
  name: z.string(),
  title: z.string(),
  /** Licence of the data, as the authors state it. */
  licence: z.string(),
  /** Web page about it. */
  page: z.string(),
  state: datasetState,
  /** Size of the download; null if it is not published, 0 for data that are generated here. */
  downloadBytes: z.number().nullable(),
  /** Space used on this machine, including the decoded data. */
  diskBytes: z.number(),
  /** Folder of its files, where a pull or the user puts them. */
  folder: z.string(),
  /** home: in Permafrost's own folder. linked: in a folder of the user, which is never deleted. bundled: part of Permafrost. */
  place: z.enum(['home', 'linked', 'bundled']),
  /** Notes for users, for example that a file's size differs from the official one. */
  notes: z.array(z.string()),
  files: z.array(z.object({ name: z.string(), url: z.string(), bytes: z.number().nullable() })),
  /** Tasks that learn from it. */
  tasks: z.array(z.string()),
});
export type DatasetInfo = z.infer<typeof datasetInfo>;

/** The size of a data set's download; `made here` when it has none. */
export const downloadText = ({ files, downloadBytes }: Pick<DatasetInfo, 'files' | 'downloadBytes'>): string =>
  files.length === 0 ? 'made here' : downloadBytes === null ? 'size unknown' : bytesText(downloadBytes);

/** Stages of a pull: files are downloaded one after the other, then the data set is decoded. */
export const pullProgress = z.discriminatedUnion('stage', [
  downloadProgress.extend({ stage: z.literal('download'), file: z.string() }),
  z.object({ stage: z.literal('decode'), done: z.number(), total: z.number().nullable(), unit: z.string() }),
]);
export type PullProgress = z.infer<typeof pullProgress>;
export type DatasetPull = PullOf<PullProgress>;

export const fileCheck = z.object({
  name: z.string(),
  /** unchecked: there is no published digest. */
  result: z.enum(['ok', 'differs', 'missing', 'unchecked']),
  /** A sentence that says what was expected and what was found. */
  text: z.string(),
});
export type FileCheck = z.infer<typeof fileCheck>;

/** Samples as the model sees them. */
export const dataSamples = z.object({
  /** The meaning of x: patches of an image, pieces of a sound, rows of bits or digits, or symbols of a text. */
  kind: z.enum(['image', 'sound', 'values', 'symbols']),
  tokens: z.number(),
  width: z.number(),
  /** Names of the symbols by id; null if they have none. */
  symbols: z.array(z.string()).nullable(),
  samples: z.array(
    z.object({
      /** One token after the other: `width` values each, or one id for a symbol. */
      x: z.array(z.number()),
      y: z.array(z.number()),
      /** Name of the label, or the number itself. */
      label: z.string(),
      /** Loudness by pitch and time; null for samples that are not sound. */
      spectrogram: z
        .object({
          columns: z.int(),
          rows: z.int(),
          /** Rows from the highest pitch to the lowest. 0 … 255 covers the 60 dB below the loudest. */
          levels: z.array(z.int()),
        })
        .nullable(),
      /** The text behind the tokens, e.g. a molecule as SMILES; null if there is none. */
      text: z.string().nullable(),
    }),
  ),
});
export type DataSamples = z.infer<typeof dataSamples>;

export interface DataServices {
  list(): Promise<DatasetInfo[]>;
  /**
   * Downloads missing files, or uses the files of another folder (`from`), and decodes them. Aborting keeps the downloaded
   * bytes. Throws `network`, `disk`, `data`; `notFound` for an unknown name.
   */
  pull(
    name: string,
    options?: { from?: string; onProgress?(progress: PullProgress): void; signal?: AbortSignal },
  ): Promise<DatasetInfo>;
  /** Starts or resumes a pull in the background; `pulls` reports its progress. Throws `notFound`. */
  startPull(name: string, from?: string): void;
  /** Stops pulling and keeps the downloaded bytes. */
  pause(name: string): void;
  /** Stops pulling and deletes the partial file; complete files stay. */
  cancel(name: string): Promise<void>;
  /** Pulls of this session, newest last. */
  pulls(): DatasetPull[];
  /** Calls the listener whenever a pull or the list of data sets changes. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void;
  /** Compares every file with its published size and digest. */
  verify(name: string): Promise<FileCheck[]>;
  /**
   * Moves downloaded files and decoded data to the trash, which the end of the session empties. Keeps files that no pull
   * downloaded, and returns their names. Throws `conflict` during a pull, for an absent data set, and for one that running or
   * queued runs need, which it names.
   */
  rm(name: string): Promise<{ freedBytes: number; kept: string[] }>;
  /** Data sets removed in this session, which can be restored, newest last. */
  removed(): Removed[];
  /** Undoes `rm`. Throws `notFound`, and `conflict` during a pull. */
  restore(name: string): Promise<DatasetInfo>;
  samples(config: ExperimentConfig, options?: { split?: 'train' | 'test'; count?: number }): Promise<DataSamples>;
  /** The floor of a config's test set; null if its data are not here. */
  floor(config: ExperimentConfig): Promise<Floor | null>;
  /** Splits the rows of a molecule table as the scaffold split of the Therapeutics Data Commons does. */
  split(
    name: string,
    file: string,
    onProgress?: (done: number, total: number) => void,
  ): Promise<{ train: number[]; valid: number[] }>;
}
