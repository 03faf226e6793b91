/** Bundles: what checking one says, and what training its runs again gives. */

export interface BundleReport {
  /** As 2026-11-26. */
  made: string;
  /** SHA-256 of the manifest, which stands for the whole: two people who read the same have the same bundle. */
  digest: string;
  files: number;
  runs: string[];
  /** Id of the published table that the runs answer; null where they answer none. */
  table: string | null;
  /** What is not as the bundle says, a line each; empty for a bundle that holds. */
  problems: string[];
  /** What differs here and is no fault of the bundle. */
  notes: string[];
}

/** A run of a bundle beside the same config trained here. */
export interface Rerun {
  original: string;
  id: string;
  /** pending: not finished here. same: every metric and the result, bit for bit. close: within the tolerance. */
  outcome: 'pending' | 'same' | 'close' | 'different';
  /** In words. */
  text: string;
}

export interface BundleServices {
  /** Recomputes everything that a bundle states. Throws `disk` for a file that cannot be read and `data` for what is no bundle. */
  verify(path: string): Promise<BundleReport>;
  /** Trains the bundle's configs here, each once however often it is asked for. Throws as `verify`, and `config`. */
  rerun(path: string): Promise<Rerun[]>;
  /** How what was trained here compares with the originals. Throws as `verify`. */
  compare(path: string): Promise<Rerun[]>;
}
