/** A benchmark: the figures that it measures, and their limits. */

export type Figures = Record<string, number | string | null>;

export interface Benchmark {
  title: string;
  /** Rows of a table that RESULTS.md shows for each machine. Figures in a row are named `row: column`; others are shown above the table. */
  rows?: readonly string[];
  run(report: (line: string) => void): Promise<Figures>;
  /** Limits of figures, e.g. `≥ 2.2` or `< 1700`. */
  limits: Record<string, string>;
}
