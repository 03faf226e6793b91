/** The choices of the form, and the cost of a config. */
import type { ConfigField, ExperimentConfig } from './config.ts';
import type { Deviation } from './run.ts';
import type { MetricName } from './runRow.ts';

export interface TaskInfo {
  name: string;
  title: string;
  /** Fields of the config that the task reads. */
  fields: readonly ConfigField[];
  /** Values of these fields in the published runs, the commonest first. */
  settings: readonly Partial<ExperimentConfig>[];
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
  /** Pretrained weights are on this machine. */
  hasWeights: boolean;
  /** There are pretrained weights, here or elsewhere. */
  canBePretrained: boolean;
  /** Tasks that it learns with their first published settings. */
  tasks: string[];
}

export interface Preset {
  /** `FPT`, or the id of a published cell such as `q1-fpt/mnist`. */
  id: string;
  /** Heading: `Regimes`, or the title of a published table. */
  group: string;
  title: string;
  /** Fields that it sets; everything else keeps its value for a regime and goes to its default for a published run. */
  settings: Partial<ExperimentConfig>;
  /** Whether the other fields go to their defaults. */
  whole: boolean;
  /** Where the config comes from. */
  source: string;
  /** The published number. */
  published: { metric: MetricName; value: number; source: string } | null;
  /** Why it cannot run here and what to do about it; null when it can. */
  missing: string | null;
  /** Permafrost has what it asks for, though perhaps not yet on this machine. */
  isPossible: boolean;
}

export interface Catalogue {
  tasks: TaskInfo[];
  bodies: BodyInfo[];
  presets: Preset[];
}

/** A parsed config, or its errors, with the field where one causes it. */
export type ConfigReport =
  | { ok: true; config: ExperimentConfig; deviations: Deviation[] }
  | { ok: false; errors: { field: ConfigField | null; message: string }[] };

/** Parameters of one part of the network that freeze together. */
export interface ParameterGroup {
  /** input and output network, or a block's or the body's own part. */
  part: 'input' | 'tokens' | 'positions' | 'norm' | 'attention' | 'feed-forward' | 'output';
  /** Block of the body, from 0; null outside blocks. */
  block: number | null;
  /** Which flag freezes it; null: frozen with the body. */
  flag: ConfigField | null;
  count: number;
  trained: boolean;
}

export interface Estimate {
  trainable: number;
  total: number;
  /** In the order of the network. */
  groups: ParameterGroup[];
  /** Optimizer steps if no early stop comes. */
  steps: number;
  /** Seconds for all steps with their evaluations, and the basis of that estimate. */
  seconds: number;
  basis: string;
  /** The speed of this machine is being measured; another estimate follows in seconds. */
  isMeasuring: boolean;
  /** Of the trainer process while it trains. */
  memoryBytes: number;
  /** Of the run's folder and its rows in the store at the end. */
  diskBytes: number;
}

/** What a run takes of a graphics card's memory, from the plans of its kernels. */
export interface GpuMemory {
  /** Null where the card cannot run it. */
  bytes: number | null;
  /** Why the run does not fit, in a sentence; null where nothing is known against it. */
  problem: string | null;
}

export interface ConfigServices {
  /** Parses JSON as a config; reports errors by field. */
  open(json: unknown): ConfigReport;
  /** Trainable and total parameters; allocates nothing. Throws `config`. */
  count(config: ExperimentConfig): { trainable: number; total: number };
  /** Parameters, time, memory and disk of a run. Throws `config`. */
  estimate(config: ExperimentConfig): Estimate;
  /** Memory on a graphics card, with device `webgpu`. Takes seconds for a large model. Throws `config`. */
  gpuMemory(config: ExperimentConfig): Promise<GpuMemory>;
  catalogue(): Catalogue;
}
