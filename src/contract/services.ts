/** What the app does for its faces: the command line, the window and the server. The router has the same names. */
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
  /** Published tables: the runs that answer them, starting missing ones. */
  readonly tables: TableServices;
  /** Attention maps and exports of trained runs. */
  readonly analysis: AnalysisServices;
  /** Checks bundles of runs and trains their runs again; `download` makes one. */
  readonly bundles: BundleServices;
  /** The file behind a download path such as `/download/runs.csv?id=…`. Throws `notFound`. */
  download(path: string): Download;
  /** Adds runs to the store whose folders it lacks. */
  rebuild(): Promise<Rebuilt>;
  /** Pauses the runs of this app, waits for them and closes the store. */
  close(): Promise<void>;
}

/** A file made on the fly: each chunk is made when it is read. */
export interface Download {
  name: string;
  type: string;
  chunks: AsyncIterable<string | Uint8Array>;
}

/** Result of a rebuild; lists have a line per run. */
export interface Rebuilt {
  /** Runs that the store lacked. */
  added: number;
  /** Runs of which the store had only a part. */
  completed: number;
  /** Folders that are not runs. */
  unreadable: string[];
  /** Runs with damaged journals; their intact entries count. */
  damaged: string[];
  /** New path of a damaged database; null if there was none. */
  setAside: string | null;
}
