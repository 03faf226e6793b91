/** Pretrained models: their schemas, downloads and services. */
import { z } from 'zod';

/** Progress of a download. */
export const downloadProgress = z.object({
  /** Downloaded so far, including earlier attempts. */
  bytes: z.number(),
  /** Size of the file or group of files; null if the server does not state it. */
  total: z.number().nullable(),
  /** Over the last few seconds; null at the beginning. */
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type DownloadProgress = z.infer<typeof downloadProgress>;

/** A model of the zoo: its description, its sizes, and its files on this machine. */
export const zooModel = z.object({
  /** Its name in configs. */
  name: z.string(),
  /** Other names that configs may use. */
  aliases: z.array(z.string()),
  /** Architecture, e.g. `GPT-2`. */
  family: z.string(),
  about: z.string(),
  language: z.string(),
  /** Null if its model card states none. */
  licence: z.string().nullable(),
  warnings: z.array(z.string()),
  origin: z.enum(['embedded', 'published', 'added']),
  /** Repository, URL or folder of its files. */
  source: z.string(),
  revision: z.string().nullable(),
  precision: z.enum(['F32', 'F16']),
  layers: z.int(),
  width: z.int(),
  heads: z.int(),
  /** Longest sequence, in tokens. */
  positions: z.int(),
  /** The task on which `parameters` are counted: MNIST in 4 × 4 patches for a body, its own task for a network. */
  countedOn: z.object({ task: z.string(), patch_size: z.int().nullable() }),
  parameters: z.object({
    /** Of the body. */
    body: z.int(),
    /** Trained with a frozen body (FPT and FRT): layer norms, input and output networks. */
    frozen: z.int(),
    /** Trained without freezing (UPT and URT). */
    unfrozen: z.int(),
  }),
  /** Size of the download; null if unknown. */
  downloadBytes: z.number().nullable(),
  /** here: the weights are on this machine. partial: a download was interrupted. */
  state: z.enum(['here', 'partial', 'absent']),
  /** The weight file. */
  path: z.string().nullable(),
  /** Space used on this machine, including partial downloads and converted copies of the weights. */
  diskBytes: z.number(),
});
export type ZooModel = z.infer<typeof zooModel>;

export const pullState = z.object({
  name: z.string(),
  state: z.enum(['running', 'paused', 'done', 'failed']),
  progress: downloadProgress.nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type PullState = z.infer<typeof pullState>;
/** A {@link PullState} with its own type of progress. */
export type PullOf<P> = Omit<PullState, 'progress'> & { progress: P | null };

export const verifyReport = z.object({
  name: z.string(),
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** The SHA-256 that its source states; null if unknown. */
  expected: z.string().nullable(),
  /** A wrong digest, and every weight that does not fit the model; empty for an intact file. */
  problems: z.array(z.string()),
});
export type VerifyReport = z.infer<typeof verifyReport>;

/** Whether training a model fits in this machine's memory. */
export const memoryFit = z.object({
  /** Estimated memory of a trainer. */
  bytes: z.number(),
  /** Memory of this machine. */
  memory: z.number(),
  fits: z.enum(['yes', 'tight', 'no']),
});
export type MemoryFit = z.infer<typeof memoryFit>;

/** Conditions on a list of models; absent fields match every model. */
export interface ZooFilter {
  /** Words; each must occur in the name, source, description, language, licence or family. */
  text?: string;
  family?: string;
  language?: string;
  licence?: string;
  /** The largest number of parameters of the body. */
  largest?: number;
  here?: boolean;
}

/** The models that match a filter, in their order. */
export function filterModels(models: readonly ZooModel[], filter: ZooFilter): ZooModel[] {
  const same = (wanted: string | undefined, value: string | null) =>
    wanted === undefined || wanted.toLowerCase() === (value ?? 'none stated').toLowerCase();
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    const { name, aliases, source, about, language, licence, family } = model;
    const text = [name, ...aliases, source, about, language, licence, family].join(' ').toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      same(filter.family, family) &&
      same(filter.language, language) &&
      same(filter.licence, licence) &&
      model.parameters.body <= (filter.largest ?? Number.POSITIVE_INFINITY) &&
      (filter.here === undefined || filter.here === (model.state === 'here'))
    );
  });
}

/** A removed model or data set, which can be restored until the session ends. */
export interface Removed {
  name: string;
  bytes: number;
}

export interface ZooServices {
  list(): ZooModel[];
  /** One line for each unusable entry of the user's list of added models, with its place and the reason. */
  warnings(): string[];
  /** Finds a model by its name or alias. Throws `notFound` with the nearest name. */
  get(name: string): ZooModel;
  /** Whether training fits in memory at a batch size, with a frozen body or with every weight trained. */
  fit(name: string, batch: number, frozen?: boolean): MemoryFit;
  /**
   * Pulls a model, or joins a running pull of it. Resolves when its weights are here and fit its config. Aborting pauses the pull.
   * Throws `network`, `disk`, `weights`; `conflict` for a model that cannot be fetched.
   */
  pull(
    name: string,
    options?: { signal?: AbortSignal; onProgress?(progress: DownloadProgress): void },
  ): Promise<ZooModel>;
  /** Starts or resumes a pull in the background; `pulls` reports its progress. Throws `notFound`. */
  startPull(name: string): void;
  /** Stops pulling and keeps the downloaded bytes. */
  pause(name: string): void;
  /** Stops pulling and deletes the downloaded bytes. */
  cancel(name: string): Promise<void>;
  /** Pulls of this session, newest last. */
  pulls(): PullState[];
  /** Calls the listener whenever a pull or the list of models changes. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void;
  /**
   * Moves a model's files to the trash, which the end of the session empties, and removes an added model from the list. Returns
   * the freed bytes. Throws `conflict` for a model that running or queued runs need, which it names.
   */
  rm(name: string): Promise<number>;
  /** Models removed in this session, which can be restored, newest last. */
  removed(): Removed[];
  /** Undoes `rm`. */
  restore(name: string): Promise<ZooModel>;
  /** Hashes the weight file and compares it with its source and its config. */
  verify(name: string, onProgress?: (progress: DownloadProgress) => void): Promise<VerifyReport>;
  /**
   * Adds a Hugging Face repository (`org/name`, optionally at a revision) or a local folder. Throws `config` for an unsupported
   * architecture or an invalid name, and `conflict` for a name that is taken.
   */
  add(source: string, options?: { name?: string; revision?: string }): Promise<ZooModel>;
}
