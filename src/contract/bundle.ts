/** Results of checking a bundle and of training its runs again. */

export interface BundleReport {
  /** Date, such as `2026-11-26`. */
  made: string;
  /** SHA-256 of the manifest, which identifies the bundle: equal digests mean equal bundles. */
  digest: string;
  files: number;
  runs: string[];
  /** Id of the published table that the runs reproduce; null if they belong to no table. */
  table: string | null;
  /** One line for each contradiction; empty for a valid bundle. */
  problems: string[];
  /** Differences between this machine and the bundle's that do not make it invalid. */
  notes: string[];
}

/** A run of a bundle compared with the same config trained here. */
export interface Rerun {
  original: string;
  id: string;
  /** pending: not finished here. same: every metric and the result are equal bit for bit. close: within the tolerance. */
  outcome: 'pending' | 'same' | 'close' | 'different';
  /** The outcome as a sentence. */
  text: string;
}

export interface BundleServices {
  /** Recomputes every statement of a bundle. Throws `disk` for an unreadable file and `data` for a file that is not a bundle. */
  verify(path: string): Promise<BundleReport>;
  /** Trains each config of the bundle here; a second call reuses the runs of the first. Throws like `verify`, and `config`. */
  rerun(path: string): Promise<Rerun[]>;
  /** Compares the runs trained here with the originals. Throws like `verify`. */
  compare(path: string): Promise<Rerun[]>;
}
