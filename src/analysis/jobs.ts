/** The jobs of the analysis process, and the function that starts it. The app can import this file, since it loads no runtime. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Attention, ModelExport } from '#contract/analysis';
import { type ErrorCode, PermafrostError } from '#contract/errors';
import { runtimeEnvironment } from '#trainer/environment';
import type { RunNetworkOptions } from './runNetwork.ts';

export interface Jobs {
  attention: { input: RunNetworkOptions & { sample: number }; answer: Attention[] };
  export: { input: RunNetworkOptions & { path: string; externalData: boolean }; answer: ModelExport };
}
export type JobName = keyof Jobs;
export interface JobRequest {
  job: JobName;
  input: unknown;
}
export type JobAnswer =
  | { value: unknown }
  | { error: { code: ErrorCode | 'internal'; message: string }; stack: string };

export interface Analyst {
  /** Does a job in a separate process. Throws what the job throws, or `device` if the process exits unexpectedly. */
  ask<K extends JobName>(job: K, input: Jobs[K]['input']): Promise<Jobs[K]['answer']>;
  /** Ends running jobs. */
  close(): void;
}

/** `node` is the path of the Node that runs the process; this process's own by default, which does not work inside Electron. */
export function createAnalyst(node?: string): Analyst {
  const children = new Set<ChildProcess>();
  return {
    ask(job, input) {
      const child = fork(join(import.meta.dirname, 'main.ts'), [], {
        execPath: node,
        execArgv: [],
        env: runtimeEnvironment(),
        serialization: 'advanced', // keeps typed arrays
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      children.add(child);
      let printed = '';
      child.stderr!.on('data', (text) => {
        printed = (printed + text).slice(-2000);
      });
      return new Promise((resolve, reject) => {
        child.once('message', (answer: JobAnswer) => {
          if ('value' in answer) resolve(answer.value as never);
          else reject(thrown(answer));
        });
        child.once('error', reject);
        child.once('close', (code, signal) => {
          children.delete(child);
          const words = printed.replace(/\s+/g, ' ').trim().slice(-400);
          reject(
            new PermafrostError(
              'device',
              `The analysis process exited unexpectedly (${signal ?? `exit code ${code}`}). ${words}`.trim(),
            ),
          );
        });
        child.send({ job, input } satisfies JobRequest, () => {}); // if the process has exited, 'close' follows
      });
    },
    close() {
      for (const child of children) child.kill();
    },
  };
}

function thrown({ error: { code, message }, stack }: Extract<JobAnswer, { error: object }>): Error {
  if (code !== 'internal') return new PermafrostError(code, message);
  return Object.assign(new Error(message), { stack });
}
