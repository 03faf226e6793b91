/** The Slurm cluster: its settings, its state, and the batch script of a submission. */
import { batchScript } from '#cluster/batchScript';
import { readClusterSettings, writeClusterSettings } from '#cluster/settingsFile';
import { clusterJobOf, listJobs, listPartitions, phaseOf } from '#cluster/slurm';
import type { ClusterServices, ClusterSettings } from '#contract/cluster';
import { describeError } from '#contract/errors';
import { cudaFolder } from '#trainer/cudaLibraries';

export interface ClusterOptions {
  home: string;
  /** Folder of this Permafrost, for settings that name no other folder on the nodes. */
  program: string;
  /** Environment of the trainers. */
  environment: Readonly<Record<string, string>>;
}

/** The batch script of a submission with the current settings. Throws `config`. */
export const clusterScript = (options: ClusterOptions, batch: string, runs: number): string =>
  scriptWith(readClusterSettings(options.home), options, batch, runs);

function scriptWith(
  settings: ClusterSettings,
  { home, program, environment }: ClusterOptions,
  batch: string,
  runs: number,
): string {
  const place = { home: settings.home || home, program: settings.program || program };
  return batchScript(settings, { runs, batch, environment, libraries: cudaFolder(place.home), ...place });
}

export function clusterServices(options: ClusterOptions): ClusterServices {
  return {
    settings: () => readClusterSettings(options.home),
    save(settings) {
      scriptWith(settings, options, 'SUBMISSION', 1); // throws here instead of at the first submission
      writeClusterSettings(options.home, settings);
    },
    async state() {
      try {
        const [partitions, jobs] = await Promise.all([listPartitions(), listJobs()]);
        return { problem: null, partitions, jobs: jobs.filter((job) => phaseOf(job) !== 'over').map(clusterJobOf) };
      } catch (error) {
        return { problem: describeError(error).message, partitions: [], jobs: [] };
      }
    },
    script: (runs) => clusterScript(options, 'SUBMISSION', runs),
  };
}
