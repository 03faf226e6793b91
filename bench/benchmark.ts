/** One benchmark: the figures that it measures and the limits that they should keep. */

export type Figures = Record<string, number | string | null>;

export interface Benchmark {
  title: string;
  /** Rows of the table that RESULTS.md shows for each machine. A figure of a row is named `row: column`; others stand above the table. */
  rows?: readonly string[];
  run(report: (line: string) => void): Promise<Figures>;
  /** The limit that a figure should keep, e.g. `≥ 2.2` or `< 1700`. */
  limits: Record<string, string>;
}
