/** An app that brings configs to runs on the cluster and follows them to their end: `node appProcess.ts HOME SETTINGS CONFIGS`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createApp } from '#app';
import type { ClusterSettings } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';

export interface AppProcessOptions {
  home: string;
  settings: ClusterSettings;
  configs: readonly ExperimentConfig[];
  /** Runs it as on another machine: with that host name, and without a view of the processes of this one. Needs root. */
  host?: string;
  environment?: NodeJS.ProcessEnv;
}

/** Starts it. To kill one with a host name kills it with all that it started, except for jobs. */
export function startApp({ home, settings, configs, host, environment }: AppProcessOptions): ChildProcess {
  const command = [process.execPath, import.meta.filename, home, JSON.stringify(settings), JSON.stringify(configs)];
  const machine = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts'];
  const [program, ...words] = host
    ? [...machine, 'sh', '-c', `hostname ${host}; exec "$@"`, 'sh', ...command]
    : command;
  return spawn(program, words, { stdio: 'ignore', env: { ...process.env, ...environment } });
}

if (import.meta.main) {
  const [home, settings, configs] = process.argv.slice(2);
  const app = await createApp({ home });
  app.cluster.save(JSON.parse(settings));
  await app.runs.ensure(JSON.parse(configs), [], 'slurm');
  await app.queue.whenIdle();
  await app.close();
}
