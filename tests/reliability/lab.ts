/** Permafrost from outside, for the reliability scripts: commands, a server, runs of a known duration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import type { AppRouter } from '#contract/router';
import type { JournalEntry } from '#contract/run';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';

export const project = join(import.meta.dirname, '../..');
export const permafrostBin = join(project, 'bin/permafrost.js');

/** Settings of a run of bit-xor; every step is tiny. */
export const tinySettings = (iterations: number, more: Record<string, unknown> = {}): string[] =>
  Object.entries({
    ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
    ...{ batch_size: 8, gpu_batch_size: 8, steps_per_iter: 20, test_steps_per_iter: 16, final_test_samples: 64 },
    ...{ early_stop: 'null', device: 'cpu', num_iters: iterations, ...more },
  }).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

/** Every process that a script started; they end with it. */
const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

export interface Answer {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
  /** Duration in milliseconds. */
  took: number;
}

export interface CommandOptions {
  home: string;
  environment?: NodeJS.ProcessEnv;
  /** A wrapper for the command, such as `setpriv …`. */
  under?: string[];
}

/** Starts a command; `ended` settles when it exits. */
export function start(words: string[], { home, environment, under = [] }: CommandOptions) {
  const [program, ...before] = [...under, process.execPath, permafrostBin, ...words];
  const began = performance.now();
  const child = spawn(program, before, {
    cwd: project,
    env: { ...process.env, PERMAFROST_HOME: home, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  const answer = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    answer.out += text;
  });
  child.stderr.on('data', (text) => {
    answer.err += text;
  });
  const ended = once(child, 'close').then(
    ([code, signal]): Answer => ({ ...answer, code, signal, took: performance.now() - began }),
  );
  return { child, answer, ended };
}

export const permafrost = (words: string[], options: CommandOptions): Promise<Answer> => start(words, options).ended;

export interface Serving {
  child: ChildProcess;
  client: TRPCClient<AppRouter>;
  /** What it printed on stderr. */
  err(): string;
  /** Whether it still runs. */
  lives(): boolean;
  /** Sends a signal and waits for the exit. */
  close(): Promise<void>;
}

export async function serve(home: string, slots = 1, under: string[] = []): Promise<Serving> {
  const token = 'token-of-the-reliability-scripts';
  const [program, ...words] = [
    ...under,
    process.execPath,
    join(import.meta.dirname, 'serving.ts'),
    home,
    `${slots}`,
    token,
  ];
  const child = spawn(program, words, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  const [port] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the server did not start: ${err}`))),
  ]);
  const socket = createWSClient({
    url: `ws://127.0.0.1:${String(port).trim()}/trpc`,
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url, {
          headers: { authorization: `Bearer ${token}`, origin: new URL(url).origin.replace('ws', 'http') },
        });
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  const gone = once(child, 'exit');
  return {
    child,
    client: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] }),
    err: () => err,
    lives: () => child.exitCode === null && child.signalCode === null,
    async close() {
      await socket.close();
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Waits for a condition; throws its name after the time limit (s). */
export async function until(what: string, condition: () => unknown, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`in ${seconds} s this did not happen: ${what}`);
    await sleep(50);
  }
}

/** Throws for a claim that is false. */
export function claim(what: string, holds: boolean, found?: unknown): void {
  if (!holds) throw new Error(`${what}${found === undefined ? '' : `; found ${JSON.stringify(found)}`}`);
}

export const journalOf = (home: string, id: string): JournalEntry[] => [
  ...readEntries(runFiles(join(home, 'runs', id)).journal),
];

/** Throws where a journal has damage, gaps or double steps; returns its entries. */
export function checkJournal(home: string, id: string): JournalEntry[] {
  const { journal } = runFiles(join(home, 'runs', id));
  claim(`${id} has a journal`, existsSync(journal));
  const entries = [
    ...readEntries(journal, {
      onDamage: (damage) => {
        throw new Error(`the journal of ${id} is damaged: ${JSON.stringify(damage)}`);
      },
    }),
  ];
  let step = 0;
  for (const { body } of entries) {
    if (body.kind === 'started') step = body.step;
    if (body.kind !== 'metrics') continue;
    for (const [key, at] of body.rows) {
      if (key !== 'train_loss') continue;
      claim(`the steps of ${id} follow one another`, at === step + 1, { at, after: step });
      step = at;
    }
  }
  return entries;
}

/** The result of a run by its journal, without its duration. */
export function resultOf(home: string, id: string): unknown {
  const ended = journalOf(home, id).findLast(({ body }) => body.kind === 'ended')?.body;
  if (ended?.kind !== 'ended' || !ended.result) return null;
  const { seconds: _, ...result } = ended.result;
  return result;
}
