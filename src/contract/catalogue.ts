/** The choices that the form of a new run offers, and the cost of a config. */
import type { ConfigField, ExperimentConfig } from './config.ts';
import type { Deviation } from './run.ts';
import type { MetricName } from './runRow.ts';

export interface TaskInfo {
  name: string;
  title: string;
  /** Fields of the config that the task reads. */
  fields: readonly ConfigField[];
  /** Values of these fields in the published runs, most common first. */
  settings: readonly Partial<ExperimentConfig>[];
  /** Length of a sequence inside the transformer, with each of these settings. */
  tokens: readonly number[];
  metric: MetricName;
  /** The data set that the task needs; null when it generates its samples. */
  dataset: string | null;
}

export interface BodyInfo {
  name: string;
  /** Architecture, e.g. `GPT-2`. */
  title: string;
  layers: number;
  width: number;
  heads: number;
  /** Longest sequence, in tokens. */
  positions: number;
  /** Whether pretrained weights are on this machine. */
  hasWeights: boolean;
  /** Whether pretrained weights exist, on this machine or elsewhere. */
  canBePretrained: boolean;
  /** Tasks that it can learn with their first published settings. */
  tasks: string[];
}

export interface Preset {
  /** `FPT`, or the id of a published cell such as `q1-fpt/mnist`. */
  id: string;
  /** Heading: `Regimes`, or the title of a published table. */
  group: string;
  title: string;
  /** The fields that the preset sets. */
  settings: Partial<ExperimentConfig>;
  /** Whether all other fields are reset to their defaults, as for a published run; otherwise they keep their values. */
  whole: boolean;
  /** Where the config comes from. */
  source: string;
  /** The published number. */
  published: { metric: MetricName; value: number; source: string } | null;
  /** Why it cannot run here and what to do about it; null when it can. */
  missing: string | null;
  /** Whether it can run once what is `missing` has been fetched. */
  isPossible: boolean;
}

export interface Catalogue {
  tasks: TaskInfo[];
  bodies: BodyInfo[];
  presets: Preset[];
}

/** A parsed config, or its errors, each with the field that causes it, if any. */
export type ConfigReport =
  | { ok: true; config: ExperimentConfig; deviations: Deviation[] }
  | { ok: false; errors: { field: ConfigField | null; message: string }[] };

/** Parameters of one part of the network that are frozen together. */
export interface ParameterGroup {
  /** `input` and `output` are the networks around the body; the others are parts of the body or of one of its blocks. */
  part: 'input' | 'tokens' | 'positions' | 'norm' | 'attention' | 'feed-forward' | 'output';
  /** Block of the body, from 0; null outside blocks. */
  block: number | null;
  /** The flag that freezes it; null if it is frozen with the whole body. */
  flag: ConfigField | null;
  count: number;
  trained: boolean;
}

export interface Estimate {
  trainable: number;
  total: number;
  /** From input to output. */
  groups: ParameterGroup[];
  /** Optimizer steps without an early stop. */
  steps: number;
  /** Seconds for all steps with their evaluations, and the basis of that estimate. */
  seconds: number;
  basis: string;
  /** Whether the speed of this machine is still being measured; a better estimate is available in seconds. */
  isMeasuring: boolean;
  /** Memory of the trainer process. */
  memoryBytes: number;
  /** Final size of the run's folder and of its rows in the store. */
  diskBytes: number;
}

/** What a run takes of a graphics card's memory, from the plans of its kernels. */
export interface GpuMemory {
  /** Null where the card cannot run it. */
  bytes: number | null;
  /** Why the run does not fit, in a sentence; null where nothing is known against it. */
  problem: string | null;
}

/** Values of fields that nothing has checked yet. */
export type Settings = Readonly<Record<string, unknown>>;

export interface ConfigServices {
  /** Parses JSON as a config; reports errors by field. */
  open(json: unknown): ConfigReport;
  /** The changes of some settings that lead to a config that cannot be trained, each with the reason. */
  problems(settings: Settings, changes: Readonly<Record<string, Settings>>): Record<string, string>;
  /** Trainable and total parameters, without allocating them. Throws `config`. */
  count(config: ExperimentConfig): { trainable: number; total: number };
  /** Parameters, time, memory and disk of a run. Throws `config`. */
  estimate(config: ExperimentConfig): Estimate;
  /** Memory on a graphics card, with device `webgpu`. Takes seconds for a large model. Throws `config`. */
  gpuMemory(config: ExperimentConfig): Promise<GpuMemory>;
  catalogue(): Catalogue;
}
