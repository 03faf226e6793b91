/** What crosses process borders about checkpoints and downloads. */
import { z } from 'zod';

/** How far a download is. */
export const downloadProgress = z.object({
  /** On the disk so far, what an earlier attempt left included. */
  bytes: z.number(),
  /** Of the whole file or group of files; null where the server does not say. */
  total: z.number().nullable(),
  /** Over the last seconds; null at the beginning. */
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type DownloadProgress = z.infer<typeof downloadProgress>;

/** A model of the zoo: its card, its sizes, and its files on this machine. */
export const zooModel = z.object({
  /** What a config calls it. */
  name: z.string(),
  /** Other names that a config may use. */
  aliases: z.array(z.string()),
  /** Architecture, e.g. `GPT-2`. */
  family: z.string(),
  about: z.string(),
  language: z.string(),
  /** Null: its card states none. */
  licence: z.string().nullable(),
  warnings: z.array(z.string()),
  origin: z.enum(['embedded', 'published', 'added']),
  /** Repository, address or folder that its files come from. */
  source: z.string(),
  revision: z.string().nullable(),
  precision: z.enum(['F32', 'F16']),
  layers: z.int(),
  width: z.int(),
  heads: z.int(),
  /** Longest sequence, in tokens. */
  positions: z.int(),
  /** What trained parameters are counted on: MNIST in 4 × 4 patches for a body, its own task for a whole network. */
  countedOn: z.object({ task: z.string(), patch_size: z.int().nullable() }),
  parameters: z.object({
    /** Of the body. */
    body: z.int(),
    /** Trained with only layer norms, input and output free: FPT, and FRT with random weights. */
    frozen: z.int(),
    /** Trained when nothing is frozen: URT. */
    unfrozen: z.int(),
  }),
  /** Bytes to fetch; null where they are unknown. */
  downloadBytes: z.number().nullable(),
  /** here: weights are on this machine. partial: a download was interrupted. */
  state: z.enum(['here', 'partial', 'absent']),
  /** The weight file. */
  path: z.string().nullable(),
  /** On this disk, the partial download and what was converted from the weights included. */
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
/** The same of a fetch that goes its way in other steps. */
export type PullOf<P> = Omit<PullState, 'progress'> & { progress: P | null };

export const verifyReport = z.object({
  name: z.string(),
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** What its source says; null where that is not known. */
  expected: z.string().nullable(),
  /** A wrong digest and every weight that does not fit; empty for a file that is whole. */
  problems: z.array(z.string()),
});
export type VerifyReport = z.infer<typeof verifyReport>;

/** Whether training with a frozen body fits in this machine's memory. */
export const memoryFit = z.object({
  /** About what a trainer takes. */
  bytes: z.number(),
  /** Of the machine. */
  memory: z.number(),
  fits: z.enum(['yes', 'tight', 'no']),
});
export type MemoryFit = z.infer<typeof memoryFit>;

/** What a list of models is narrowed to; absent: everything. */
export interface ZooFilter {
  /** Words that all occur in name, source, about, language, licence or family. */
  text?: string;
  family?: string;
  language?: string;
  licence?: string;
  /** Most parameters of the body. */
  largest?: number;
  here?: boolean;
}

/** The models that a filter lets through, in their order. */
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
  /** Unusable entries of the user's list of added models: a line for each, saying which, where and why. */
  warnings(): string[];
  /** By name or alias. Throws `notFound` with the nearest name. */
  get(name: string): ZooModel;
  /** Whether training fits in memory at a batch size; frozen, or with every weight trained. */
  fit(name: string, batch: number, frozen?: boolean): MemoryFit;
  /**
   * Fetches a model, or joins the fetching that is under way. Resolves when its weights are here and fit its config.
   * Throws `network`, `disk`, `weights`; `conflict` for one that cannot be fetched. Aborting pauses.
   */
  pull(
    name: string,
    options?: { signal?: AbortSignal; onProgress?(progress: DownloadProgress): void },
  ): Promise<ZooModel>;
  /** Starts or resumes a fetch in the background; `pulls` has its progress. Throws `notFound`. */
  startPull(name: string): void;
  /** Stops fetching and keeps what has arrived. */
  pause(name: string): void;
  /** Stops fetching and forgets what has arrived. */
  cancel(name: string): Promise<void>;
  /** Fetches of this session, the newest last. */
  pulls(): PullState[];
  /** Told whenever a fetch or the list of models changes. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /**
   * Moves a model's files out of the way until `restore` or the end of the session; an added one is forgotten. Returns the bytes.
   * Throws `conflict` for a model that runs under way or queued need, naming them.
   */
  rm(name: string): Promise<number>;
  /** What was removed in this session and can be restored, the newest last. */
  removed(): Removed[];
  /** Undoes `rm`. */
  restore(name: string): Promise<ZooModel>;
  /** Hashes the weight file and compares it with its source and its config. */
  verify(name: string, onProgress?: (progress: DownloadProgress) => void): Promise<VerifyReport>;
  /** Adds a Hugging Face repository (`org/name`, with a revision) or a local folder. Throws `config` for an unsupported architecture and for what is no name, `conflict` for a name that is taken. */
  add(source: string, options?: { name?: string; revision?: string }): Promise<ZooModel>;
}
