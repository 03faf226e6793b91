/** What crosses process borders about data sets. */
import { z } from 'zod';
import type { ExperimentConfig } from './config.ts';
import type { Floor } from './floor.ts';
import { bytesText } from './format.ts';
import { downloadProgress, type PullOf, type Removed } from './zoo.ts';

export const datasetState = z.enum([
  'absent', // nothing of it is on this machine
  'partial', // some files are missing
  'present', // all files are there; the first run decodes them
  'ready', // a run starts at once
]);

export const datasetInfo = z.object({
  name: z.string(),
  title: z.string(),
  /** Of the data, as their authors state it. */
  licence: z.string(),
  /** Web page about it. */
  page: z.string(),
  state: datasetState,
  /** What a pull downloads, in bytes; null where a size is not published. Nothing for data that are made here. */
  downloadBytes: z.number().nullable(),
  /** On this machine, decoded form included. */
  diskBytes: z.number(),
  /** Where its files are, or go: a pull puts them there, and a user may. */
  folder: z.string(),
  /** home: in Permafrost's own folder. linked: the user's, which is never deleted. bundled: comes with Permafrost. */
  place: z.enum(['home', 'linked', 'bundled']),
  /** Notes for users, such as files of another size than the official ones. */
  notes: z.array(z.string()),
  files: z.array(z.object({ name: z.string(), url: z.string(), bytes: z.number().nullable() })),
  /** Tasks that learn from it. */
  tasks: z.array(z.string()),
});
export type DatasetInfo = z.infer<typeof datasetInfo>;

/** The size of a data set's download; `made here` when it has none. */
export const downloadText = ({ files, downloadBytes }: Pick<DatasetInfo, 'files' | 'downloadBytes'>): string =>
  files.length === 0 ? 'made here' : downloadBytes === null ? 'size unknown' : bytesText(downloadBytes);

/** Stages of a pull: files arrive one after the other, then the whole is decoded. */
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
  /** What was expected and found, in words. */
  text: z.string(),
});
export type FileCheck = z.infer<typeof fileCheck>;

/** Samples as the model sees them. */
export const dataSamples = z.object({
  /** What x means: an image cut into patches, sound cut into pieces, rows of bits or digits, or symbols of a text. */
  kind: z.enum(['image', 'sound', 'values', 'symbols']),
  tokens: z.number(),
  width: z.number(),
  /** Names of the symbols by id; null where they have none. */
  symbols: z.array(z.string()).nullable(),
  samples: z.array(
    z.object({
      /** Token after token, `width` values each; one id each for symbols. */
      x: z.array(z.number()),
      y: z.array(z.number()),
      /** Name of the label, or the number itself. */
      label: z.string(),
      /** Loudness by pitch and time; null for samples that are not sound. */
      spectrogram: z
        .object({
          columns: z.int(),
          rows: z.int(),
          /** Row after row from the highest pitch down, 0 … 255 over 60 dB below the loudest. */
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
   * Downloads what is missing, or uses the files of another folder (`from`), and decodes it. Aborting the signal keeps what has
   * arrived. Throws `network`, `disk`, `data`; `notFound` for an unknown name.
   */
  pull(
    name: string,
    options?: { from?: string; onProgress?(progress: PullProgress): void; signal?: AbortSignal },
  ): Promise<DatasetInfo>;
  /** Starts or resumes a pull in the background; `pulls` has its progress. Throws `notFound`. */
  startPull(name: string, from?: string): void;
  /** Stops pulling and keeps what has arrived. */
  pause(name: string): void;
  /** Stops pulling and forgets the file that is on its way; files that are whole stay. */
  cancel(name: string): Promise<void>;
  /** Pulls of this session, the newest last. */
  pulls(): DatasetPull[];
  /** Calls the listener whenever a pull or the list of data sets changes. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void;
  /** Compares every file with its published size and digest. */
  verify(name: string): Promise<FileCheck[]>;
  /**
   * Moves downloaded files and the decoded form to the trash until `restore` or the end of the session; files that a pull
   * did not bring stay and are named. Throws `conflict` during a pull, where nothing of it is here, and for a data set that runs under way or queued need,
   * naming them.
   */
  rm(name: string): Promise<{ freedBytes: number; kept: string[] }>;
  /** What was removed in this session and can be restored, the newest last. */
  removed(): Removed[];
  /** Undoes `rm`. Throws `notFound`, and `conflict` during a pull. */
  restore(name: string): Promise<DatasetInfo>;
  samples(config: ExperimentConfig, options?: { split?: 'train' | 'test'; count?: number }): Promise<DataSamples>;
  /** The floor of a config's test set; null where it needs data that are not here. */
  floor(config: ExperimentConfig): Promise<Floor | null>;
  /** Rows of a molecule table by the scaffold split of the Therapeutics Data Commons. */
  split(
    name: string,
    file: string,
    onProgress?: (done: number, total: number) => void,
  ): Promise<{ train: number[]; valid: number[] }>;
}
