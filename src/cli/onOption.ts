/** The options `--on slurm` and `--dry-run`, which choose where the runs of a command train. */
import { type Command, Option } from 'commander';
import { type LauncherName, launchers } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Services } from '#contract/services';

export interface OnOptions {
  /** Absent: new runs train on this machine, and resumed runs where they trained before. */
  on?: LauncherName;
  dryRun?: boolean;
}

export const takesOn = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--on <where>',
        'local: on this machine; slurm: as jobs of the cluster, see permafrost config',
      ).choices(launchers),
    )
    .option('--dry-run', 'with --on slurm: print the batch script, submit nothing');

/** With --dry-run, prints the batch script of `count` runs and returns true. Throws `config`. */
export function printedDryRun(app: Services, { on, dryRun }: OnOptions, runs: number): boolean {
  if (!dryRun) return false;
  if (on !== 'slurm')
    throw new PermafrostError('config', '--dry-run prints a batch script for Slurm. Use it with --on slurm.');
  process.stdout.write(app.cluster.script(runs));
  return true;
}

/** Throws `cluster` for a cluster that cannot be used, and `device` for a device that this machine cannot use. */
export async function requirePlace(
  app: Services,
  { on }: OnOptions,
  configs: readonly ExperimentConfig[] = [],
): Promise<void> {
  if (on !== 'slurm') return app.devices.require(configs);
  const { problem } = await app.cluster.state();
  if (problem) throw new PermafrostError('cluster', problem);
}
