/** The devices of this machine, by the names a config uses. Each is really tried before a run is given it. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Device, OnnxDevice } from '#engine/device';

export type DeviceName = Exclude<ExperimentConfig['device'], 'auto'>;

export interface DeviceOptions {
  /** CPU threads; the runtime decides when absent. */
  threads?: number;
  /** Folder of the frozen weights' file, see OnnxDevice. */
  weightFolder?: string;
}
