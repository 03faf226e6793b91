/** Published tables, what answers them here, and the verdict on every cell. */
import { z } from 'zod';
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
  'no published number',
  'scaled down',
] as const;
export type Verdict = (typeof verdicts)[number];

/** How far apart two numbers may lie and still be the same result: accuracy in absolute terms, an error as a share of the published one. */
export const toleranceSchema = z.object({
  accuracy: z.number().min(0).max(1),
  mae: z.number().min(0).max(10),
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
  /** Further seeds that would probably decide; only with `can't tell yet`, and null there when no number of seeds would. */
  moreSeeds: number | null;
  /** In the unit of the metric; null where nothing is compared. */
  tolerance: number | null;
  /** The chance of a verdict like this one where it is wrong; null without one. */
  p: number | null;
  /** Whether the verdict stands when all verdicts of its table are asked together (Holm's correction); null without one. */
  stands: boolean | null;
}

/** What seeds can decide, told before anything is trained. */
export interface Outlook {
  /** Seeds that would probably decide; null if no number of them would. */
  seeds: number | null;
  /** How probable a verdict is with those, or with as many as anyone trains; null where runs are counted. */
  power: number | null;
  /** The standard deviation between seeds that this rests on: as published, or assumed; null where runs are counted. */
  spread: number | null;
}

export interface Difference {
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
  difference: Difference | null;
  /** In what the columns differ beyond what the table asks, which is why they are not compared. */
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

/** A cell with what answers it here. */
export interface Answer {
  cell: Cell;
  /** Why it cannot run here, and what would change that; null when it can. */
  needs: string | null;
  /** What the profile changes, in words. */
  notes: string[];
  floor: Floor | null;
  /** Whether the published number is no better than guessing. */
  onFloor: boolean;
  metric: MetricName | null;
  /** The run that stands for each seed, by seed. */
  runs: RunRow[];
  /** How many test metrics a `last100` result averages, where a run has fewer than 100; null elsewhere. */
  averages: number | null;
  /** What seeds can decide; null where nothing is compared. */
  outlook: Outlook | null;
  judgement: Judgement;
}

export interface TableState {
  table: PaperTable;
  profile: Profile;
  tolerance: Tolerance;
  answers: Answer[];
  contrasts: Contrast[];
  /** Per column, where the table asks it. */
  weightsAndScore: WeightsAndScore[];
}

/** Cells to bring to so many seeds each, seeds 0, 1, 2 … */
export const wish = z.object({
  table: z.string().min(1),
  profile: z.enum(profiles),
  cells: z
    .array(z.object({ id: z.string().min(1), seeds: z.int().min(1).max(100) }))
    .min(1)
    .max(1000),
});
export type Wish = z.infer<typeof wish>;

/** What a wish means before anything is started. */
export interface Plan {
  /** Runs that are finished, that go on, and that start. */
  finished: number;
  resumed: number;
  started: number;
  /** For all that is left, on this machine as its queue is set, and what that rests on. */
  seconds: number;
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
  /** A table with what answers it here; starts nothing. Throws `notFound`. */
  state(table: string, profile: Profile, tolerance?: Tolerance): Promise<TableState>;
  /** What a wish would start and cost. Throws `notFound`, and `config` for a cell that cannot run here. */
  plan(wish: Wish): Plan;
  /** Sees to it that every cell and seed has a run. Returns the runs of each cell, by seed. Throws as `plan` does. */
  reproduce(wish: Wish): string[][];
}
