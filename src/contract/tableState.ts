/** The state of a published table: the runs and verdict of every cell, and the cost of missing runs. */
import { z } from 'zod';
import { launcherName } from './cluster.ts';
import type { ExperimentConfig } from './config.ts';
import type { Floor } from './floor.ts';
import type { Cell, PaperTable, Published } from './paperTable.ts';
import type { MetricName, RunRow } from './runRow.ts';

export const profiles = ['quick', 'paper'] as const;
/** quick: a small body and budget that fit a laptop. paper: as published. */
export type Profile = (typeof profiles)[number];

export const verdicts = [
  'reproduced',
  'better',
  'not reproduced',
  "can't tell yet",
  'at the floor',
  'not compared',
  'no published number',
  'scaled down',
] as const;
export type Verdict = (typeof verdicts)[number];

/** How far two numbers may differ and still count as the same result: absolute for accuracy, relative to the published number for errors. */
export const toleranceSchema = z.object({
  accuracy: z.number().min(0).max(1),
  mae: z.number().min(0).max(10),
  /** Replaces the threshold of every cell that counts steps. */
  threshold: z.number().min(0).max(1e6).optional(),
});
export type Tolerance = z.infer<typeof toleranceSchema>;
export const defaultTolerance: Tolerance = { accuracy: 0.02, mae: 0.1 };

export interface Judgement {
  verdict: Verdict;
  /** Mean over seeds and its 95 % interval; null without runs. */
  mean: number | null;
  low: number | null;
  high: number | null;
  seeds: number;
  /** How many more seeds would probably decide. Null for verdicts other than `can't tell yet`, and if no number would. */
  moreSeeds: number | null;
  /** In the unit of the metric; null if nothing is compared. */
  tolerance: number | null;
  /** p value of the verdict; null without one. */
  p: number | null;
  /** Whether the verdict survives Holm's correction over all verdicts of its table; null without one. */
  stands: boolean | null;
}

/** The seeds that a verdict needs, predicted before training. */
export interface Outlook {
  /** How many seeds would probably decide; null if no number would. */
  seeds: number | null;
  /** Probability of a verdict with these seeds, or with the largest allowed number; null if runs are counted. */
  power: number | null;
  /** The assumed standard deviation between seeds, as published if known; null if runs are counted. */
  spread: number | null;
}

export interface GainEstimate {
  /** Difference of the means, positive if the first column is better. */
  gain: number;
  /** Its 95 % interval. */
  low: number;
  high: number;
  /** Its standard error and degrees of freedom. */
  error: number;
  degrees: number;
  /** Number of common seeds, if the columns were compared seed by seed; null if only their means were compared. */
  pairs: number | null;
}

export const contrastVerdicts = ['helps', 'harms', 'no difference', "can't tell yet", 'not compared'] as const;
export type ContrastVerdict = (typeof contrastVerdicts)[number];

/** The gain of one column over another, in one row. */
export interface Contrast extends Pick<Judgement, 'p' | 'stands' | 'tolerance'> {
  row: string;
  /** `FPT over FRT`. */
  columns: string;
  metric: MetricName | null;
  verdict: ContrastVerdict;
  /** Null if the columns are not compared. */
  difference: GainEstimate | null;
  /** Other differences between the columns, which rule out a comparison. */
  unlike: string[];
}

export interface RankCorrelation {
  rho: number;
  /** Its 95 % interval. */
  low: number;
  high: number;
  points: number;
}

/** How the number of trained weights correlates with the score, over the rows of a column. */
export interface WeightsAndScore {
  column: string;
  metric: MetricName;
  /** A body of the column. */
  points: { row: string; of: 'published' | 'ours'; trained: number; score: number }[];
  /** Null with fewer than five bodies. */
  published: RankCorrelation | null;
  ours: RankCorrelation | null;
}

/** The steps at which the finished runs of a cell reached a threshold. */
export interface StepsToThreshold {
  threshold: number;
  /** `step`: the first evaluation that reached it, null if none did. A run has `of` steps and an evaluation every `every` steps. */
  runs: { id: string; step: number | null; of: number; every: number }[];
}

/** The best cell of a sweep. */
export interface BestOfSweep {
  cell: string;
  settings: Partial<ExperimentConfig>;
  /** Number of the sweep's cells that have a finished run, and of all its cells. */
  tried: number;
  of: number;
}

/** A cell with its runs here and the verdict on them. */
export interface CellResult {
  cell: Cell;
  /** Why it cannot run here and what to do about it; null when it can. */
  needs: string | null;
  /** The changes that the profile makes, as sentences. */
  notes: string[];
  floor: Floor | null;
  /** Whether the published number is no better than the floor. */
  onFloor: boolean;
  metric: MetricName | 'steps' | null;
  /** The run that counts for each seed, sorted by seed. */
  runs: RunRow[];
  /** How many test metrics a `last100` result averages, if a run has fewer than 100; otherwise null. */
  averages: number | null;
  /** Null if nothing is compared. */
  outlook: Outlook | null;
  /** Null for results other than steps. */
  steps: StepsToThreshold | null;
  /** Null for a cell with its own runs, and until a run of the sweep is finished. */
  best: BestOfSweep | null;
  judgement: Judgement;
}

export interface TableState {
  table: PaperTable;
  profile: Profile;
  tolerance: Tolerance;
  results: CellResult[];
  contrasts: Contrast[];
  /** One per column, if the table asks for it. */
  weightsAndScore: WeightsAndScore[];
}

/** A request to train cells, each with seeds 0 to `seeds` − 1. */
export const reproduceRequest = z.object({
  table: z.string().min(1),
  profile: z.enum(profiles),
  cells: z
    .array(z.object({ id: z.string().min(1), seeds: z.int().min(1).max(100) }))
    .min(1)
    .max(1000),
  /** Where to train; without it, as in `RunServices.ensure`. */
  launcher: launcherName.optional(),
});
export type ReproduceRequest = z.infer<typeof reproduceRequest>;

/** The runs that a request would start, and their cost. */
export interface ReproductionPlan {
  /** Number of runs that are finished already, that would be resumed, and that would be started. */
  finished: number;
  resumed: number;
  started: number;
  /** Time for the runs that are left, with the slots of this queue or the cluster's setting `tasks`, and the basis of the estimate. */
  seconds: number;
  /** Only Slurm knows how many of the runs will train at once: `seconds` is for one after another. */
  isOneByOne: boolean;
  basis: string;
  /** Memory of the largest trainer. */
  memoryBytes: number;
  /** Disk space of all remaining runs. */
  diskBytes: number;
  /** Cells whose number of trained parameters differs from the published one. */
  miscounted: { cell: string; trainable: number; published: number }[];
}

/** A published number that is no better than the floor, within the default tolerance. */
export interface OnFloor {
  cell: Cell;
  table: Pick<PaperTable, 'id' | 'title'>;
  published: Published;
  floor: Floor;
}

export interface TableServices {
  list(): readonly PaperTable[];
  /** Published numbers of all tables that are no better than the floor, for tasks whose data are on this machine. */
  onFloor(): Promise<OnFloor[]>;
  /** The state of a table; starts no run. Throws `notFound`. */
  state(table: string, profile: Profile, tolerance?: Tolerance): Promise<TableState>;
  /** The plan of a request; starts no run. Throws `notFound`, and `config` for a cell that cannot run here. */
  plan(request: ReproduceRequest): ReproductionPlan;
  /** Starts or resumes a run for every cell and seed without a finished run. Returns the ids of each cell's runs, by seed. Throws like `plan`. */
  reproduce(request: ReproduceRequest): Promise<string[][]>;
}
