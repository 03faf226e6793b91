/** Reads and writes the settings of the cluster, `cluster.json` in the home. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterSettings, clusterSettings } from '#contract/cluster';
import { PermafrostError } from '#contract/errors';
import { writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';

const largest = 2 ** 20; // bytes
const placeIn = (home: string): string => join(home, 'cluster.json');

/** Reads the settings, or the defaults if there is no file. Throws `config` for an invalid file. */
export function readClusterSettings(home: string): ClusterSettings {
  const path = placeIn(home);
  if (!existsSync(path)) return clusterSettings.parse({});
  const parsed = clusterSettings.safeParse(readSmallJson(path, largest, 'config'));
  if (parsed.success) return parsed.data;
  const [{ path: field, message }] = parsed.error.issues;
  throw new PermafrostError(
    'config',
    `${path} is not valid: ${field.join('.')}: ${message}. Correct it, or delete the file.`,
  );
}

export const writeClusterSettings = (home: string, settings: ClusterSettings): void =>
  writeAtomically(placeIn(home), [Buffer.from(`${JSON.stringify(settings, null, 2)}\n`)]);
