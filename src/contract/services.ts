/** The app's services for the command line, the window and the server. The router uses the same names. */
import type { AnalysisServices } from './analysis.ts';
import type { BundleServices } from './bundle.ts';
import type { ConfigServices } from './catalogue.ts';
import type { ClusterServices } from './cluster.ts';
import type { DataServices } from './data.ts';
import type { DeviceServices } from './devices.ts';
import type { QueueServices } from './queue.ts';
import type { RunServices } from './runServices.ts';
import type { TableServices } from './tableState.ts';
import type { ZooServices } from './zoo.ts';

export interface Services {
  /** The folder that holds runs, data, models and the store. */
  readonly home: string;
  readonly runs: RunServices;
  readonly queue: QueueServices;
  readonly config: ConfigServices;
  readonly devices: DeviceServices;
  /** The Slurm cluster that runs can train on. */
  readonly cluster: ClusterServices;
  /** Data sets. */
  readonly data: DataServices;
  /** Pretrained bodies. */
  readonly zoo: ZooServices;
  /** Published tables: their state, and starting missing runs. */
  readonly tables: TableServices;
  /** Attention maps and exports of trained runs. */
  readonly analysis: AnalysisServices;
  /** Checks bundles and trains their runs again; `download` makes a bundle. */
  readonly bundles: BundleServices;
  /** The file behind a download path such as `/download/runs.csv?id=…`. Throws `notFound`. */
  download(path: string): Download;
  /** Adds runs to the store that it lacks, from their folders. */
  rebuild(): Promise<Rebuilt>;
  /** Pauses the runs of this app, waits for them and closes the store. */
  close(): Promise<void>;
}

/** A file that is made while it is read, chunk by chunk. */
export interface Download {
  name: string;
  type: string;
  chunks: AsyncIterable<string | Uint8Array>;
}

/** The result of a rebuild; lists have one line per run. */
export interface Rebuilt {
  /** Runs that the store lacked. */
  added: number;
  /** Runs whose newest entries the store lacked. */
  completed: number;
  /** Folders that are not runs. */
  unreadable: string[];
  /** Runs with damaged journals; their intact entries count. */
  damaged: string[];
  /** New path of a damaged database that was moved away; null if there was none. */
  setAside: string | null;
}
