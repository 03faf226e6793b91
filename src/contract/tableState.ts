/** A published table as it stands here: the runs of every cell, its verdict, and what the missing runs would cost. */
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

/** How far apart two numbers may lie and count as the same result: accuracy absolutely, an error as a share of the published one. */
export const toleranceSchema = z.object({
  accuracy: z.number().min(0).max(1),
  mae: z.number().min(0).max(10),
  /** Test metric to reach in cells that count steps, instead of each cell's own threshold. */
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
  /** Further seeds that would probably decide. Null for verdicts other than `can't tell yet`, and where no number would. */
  moreSeeds: number | null;
  /** In the unit of the metric; null where nothing is compared. */
  tolerance: number | null;
  /** p value of the verdict; null without one. */
  p: number | null;
  /** Whether the verdict survives Holm's correction over all verdicts of its table; null without one. */
  stands: boolean | null;
}

/** The seeds that a verdict needs, predicted before training. */
export interface Outlook {
  /** Seeds that would probably decide; null if no number of them would. */
  seeds: number | null;
  /** Chance of a verdict with those seeds, or with the most allowed; null where runs are counted. */
  power: number | null;
  /** The assumed standard deviation between seeds, as published where known; null where runs are counted. */
  spread: number | null;
}

export interface GainEstimate {
  /** Mean of the first minus mean of the second, in the direction in which larger is better. */
  gain: number;
  /** Its 95 % interval. */
  low: number;
  high: number;
  /** Its standard error and degrees of freedom. */
  error: number;
  degrees: number;
  /** Seeds that both sides have, where they were compared seed by seed; null where the sides were compared as wholes. */
  pairs: number | null;
}

export const contrastVerdicts = ['helps', 'harms', 'no difference', "can't tell yet", 'not compared'] as const;
export type ContrastVerdict = (typeof contrastVerdicts)[number];

/** What one column of a row gains over another. */
export interface Contrast extends Pick<Judgement, 'p' | 'stands' | 'tolerance'> {
  row: string;
  /** `FPT over FRT`. */
  columns: string;
  metric: MetricName | null;
  verdict: ContrastVerdict;
  /** Null where the columns are not compared. */
  difference: GainEstimate | null;
  /** Further differences of the columns, which forbid a comparison. */
  unlike: string[];
}

export interface RankCorrelation {
  rho: number;
  /** Its 95 % interval. */
  low: number;
  high: number;
  points: number;
}

/** Whether the number of trained weights goes with a better score, over the rows of a column. */
export interface WeightsAndScore {
  column: string;
  published: RankCorrelation | null;
  ours: RankCorrelation | null;
}

/** When the finished runs of a cell reached a threshold. */
export interface StepsToThreshold {
  threshold: number;
  /** `step`: of the first evaluation that reached it, of one every `every` steps; null: none did in the `of` steps of the run. */
  runs: { id: string; step: number | null; of: number; every: number }[];
}

/** The cell of a sweep that another one takes as the best. */
export interface BestOfSweep {
  cell: string;
  settings: Partial<ExperimentConfig>;
  /** Cells of the sweep that have a finished run, and all. */
  tried: number;
  of: number;
}

/** A cell with its runs here and the verdict on them. */
export interface CellResult {
  cell: Cell;
  /** Why it cannot run here and what to do about it; null when it can. */
  needs: string | null;
  /** What the profile changes, in words. */
  notes: string[];
  floor: Floor | null;
  /** Whether the published number is no better than guessing. */
  onFloor: boolean;
  metric: MetricName | 'steps' | null;
  /** The run that stands for each seed, by seed. */
  runs: RunRow[];
  /** How many test metrics a `last100` result averages, where a run has fewer than 100; null elsewhere. */
  averages: number | null;
  /** What seeds can decide; null where nothing is compared. */
  outlook: Outlook | null;
  /** Null for other results than steps. */
  steps: StepsToThreshold | null;
  /** Null for a cell with runs of its own, and before a run of the sweep is finished. */
  best: BestOfSweep | null;
  judgement: Judgement;
}

export interface TableState {
  table: PaperTable;
  profile: Profile;
  tolerance: Tolerance;
  results: CellResult[];
  contrasts: Contrast[];
  /** Per column, where the table asks it. */
  weightsAndScore: WeightsAndScore[];
}

/** Asks for runs of cells, each with seeds 0, 1, 2 … up to a count. */
export const reproduceRequest = z.object({
  table: z.string().min(1),
  profile: z.enum(profiles),
  cells: z
    .array(z.object({ id: z.string().min(1), seeds: z.int().min(1).max(100) }))
    .min(1)
    .max(1000),
  /** Where to train; see `RunServices.ensure` for its absence. */
  launcher: launcherName.optional(),
});
export type ReproduceRequest = z.infer<typeof reproduceRequest>;

/** What a request would start and cost. */
export interface ReproductionPlan {
  /** Runs that are finished, resumed, and started. */
  finished: number;
  resumed: number;
  started: number;
  /** Time for the runs that are left, with the slots of this queue or the cluster's setting `tasks`, and the basis of the estimate. */
  seconds: number;
  /** Only Slurm knows how many of the runs will train at once: `seconds` is for one after another. */
  isOneByOne: boolean;
  basis: string;
  /** Of the largest trainer. */
  memoryBytes: number;
  /** Of all that is left. */
  diskBytes: number;
  /** Cells that would train another number of parameters than published. */
  miscounted: { cell: string; trainable: number; published: number }[];
}

/** A published number that is no better than guessing, within the default tolerance. */
export interface OnFloor {
  cell: Cell;
  table: Pick<PaperTable, 'id' | 'title'>;
  published: Published;
  floor: Floor;
}

export interface TableServices {
  list(): readonly PaperTable[];
  /** Published numbers of all tables that are no better than guessing, as far as that is known on this machine. */
  onFloor(): Promise<OnFloor[]>;
  /** A table with its results here; starts nothing. Throws `notFound`. */
  state(table: string, profile: Profile, tolerance?: Tolerance): Promise<TableState>;
  /** The plan of a request; starts nothing. Throws `notFound`, and `config` for a cell that cannot run here. */
  plan(request: ReproduceRequest): ReproductionPlan;
  /** Starts or continues a run for every cell and seed without a finished one. Returns the runs of each cell, by seed. Throws as `plan` does. */
  reproduce(request: ReproduceRequest): string[][];
}
