/** A server in a separate process, for tests that may harm it ({@link startHost}), and sockets that break the protocol. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';

export interface Host {
  process: ChildProcess;
  port: number;
  /** Headers of a valid request. */
  headers: { authorization: string; origin: string };
  /** Everything that it printed. */
  printed(): string;
  /** A WebSocket that a page of ours would open. */
  open(): Promise<WebSocket>;
  /** A socket that sends nothing by itself; its errors are ignored. */
  raw(): Promise<Socket>;
  /** Milliseconds until it answers a request for a page; rejects when it does not. */
  answers(): Promise<number>;
  /** Its memory in megabytes. */
  memory(): number;
}

const token = 'token-of-a-test';

export async function startHost(home: string): Promise<Host> {
  const child = fork(join(import.meta.dirname, 'serverProcess.ts'), [home, token], { stdio: 'pipe' });
  let printed = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text) => {
      printed += text;
    });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port));
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${printed}`)));
  });
  const headers = { authorization: `Bearer ${token}`, origin: `http://127.0.0.1:${port}` };
  return {
    process: child,
    port,
    headers,
    printed: () => printed,
    open: () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/trpc`, { headers });
        socket.once('open', () => resolve(socket));
        socket.once('error', reject);
      }),
    raw: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
        socket.on('error', () => {});
      }),
    answers: () =>
      new Promise((resolve, reject) => {
        const begun = performance.now();
        get({ port, host: '127.0.0.1', path: '/', headers, agent: false, timeout: 20_000 }, (response) => {
          response.resume();
          response.once('end', () =>
            response.statusCode === 200
              ? resolve(performance.now() - begun)
              : reject(new Error(`It answered ${response.statusCode}.`)),
          );
        })
          .once('timeout', () => reject(new Error('It did not answer within 20 s.')))
          .once('error', reject);
      }),
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  };
}

/** Ends a host as `kill` does; resolves to its exit code and how long that took. */
export function endHost({ process: child }: Host): Promise<{ code: number | null; milliseconds: number }> {
  const begun = performance.now();
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve({ code: child.exitCode, milliseconds: 0 });
    child.once('exit', (code) => resolve({ code, milliseconds: performance.now() - begun }));
    child.kill('SIGTERM');
  });
}
