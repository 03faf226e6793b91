/** Results of checking a bundle and of training its runs again. */

export interface BundleReport {
  /** As 2026-11-26. */
  made: string;
  /** SHA-256 of the manifest, which identifies the bundle: equal digests mean equal bundles. */
  digest: string;
  files: number;
  runs: string[];
  /** Id of the published table that the runs answer; null where they answer none. */
  table: string | null;
  /** Contradictions, a line each; empty for a valid bundle. */
  problems: string[];
  /** Differences of this machine that do not make the bundle invalid. */
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
  /** Recomputes everything that a bundle states. Throws `disk` for an unreadable file and `data` for a file that is not a bundle. */
  verify(path: string): Promise<BundleReport>;
  /** Trains each config of the bundle here, once across calls. Throws as `verify`, and `config`. */
  rerun(path: string): Promise<Rerun[]>;
  /** Compares the runs trained here with the originals. Throws as `verify`. */
  compare(path: string): Promise<Rerun[]>;
}
