/** The server with clients that request more than they read, in a process whose memory and exit can be measured. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { parseConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import { encodeEntry, type MetricRow } from '#contract/run';
import { whyNoProcFolder } from '../disk/procFolder.ts';
import { endHost, type Host, startHost } from './serverHost.ts';

const id = 'bit-xor-long';
const steps = 8000;

/** A run of many steps, as its trainer leaves it. */
function writeRun(home: string): void {
  const folder = join(home, 'runs', id);
  mkdirSync(folder, { recursive: true });
  const config = parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, num_iters: steps / 100, steps_per_iter: 100 });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ id, createdAt: 0, ...configFile(config) }));
  const metrics = Array.from({ length: steps / 20 }, (_, i) => ({
    kind: 'metrics' as const,
    rows: Array.from({ length: 20 }, (_, k): MetricRow => ['train_loss', 20 * i + k + 1, Math.sin(i)]),
  }));
  const lines = metrics.map((body, i) => encodeEntry({ seq: i + 1, at: i, body }));
  writeFileSync(join(folder, 'journal.jsonl'), lines.join(''));
}

let home: string;
let host: Host;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  writeRun(home);
  host = await startHost(home);
});
afterEach(async () => {
  await endHost(host);
  rmSync(home, { recursive: true, maxRetries: 5 });
});

let number = 0;
const call = (path: string, input?: unknown, method = 'query') => ({ id: ++number, method, params: { path, input } });
const say = (socket: WebSocket, message: unknown) => socket.send(JSON.stringify(message));
const closing = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve));

it.skipIf(whyNoProcFolder)(
  'clients that read nothing use little memory, and delay neither other clients nor the exit',
  async () => {
    const writer = await host.open();
    say(writer, call('runs.note', { id, text: 'x'.repeat(100_000) }, 'mutation'));
    await new Promise((resolve) => writer.once('message', resolve));
    const before = host.memory();
    const clients = await Promise.all(Array.from({ length: 4 }, host.open));
    for (const client of clients) {
      client.pause();
      for (let i = 0; i < 1500; i++) say(client, call('runs.list')); // the note comes with each
      for (let i = 0; i < 50; i++) say(client, call('runs.events', { id, after: 0 }, 'subscription'));
    }
    let slowest = 0;
    const until = performance.now() + 3000; // enough to make hundreds of megabytes of answers
    while (performance.now() < until) slowest = Math.max(slowest, await host.answers());
    expect(slowest).toBeLessThan(10_000);
    expect(host.memory() - before).toBeLessThan(220);
    const { code, milliseconds } = await endHost(host);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(10_000);
  },
);

it('a client with thousands of subscriptions is disconnected, and the next one is served', async () => {
  const client = await host.open();
  const closed = closing(client);
  say(
    client,
    Array.from({ length: 3000 }, () => call('runs.changes', undefined, 'subscription')),
  );
  expect(await closed).toBe(1008);
  expect(await host.answers()).toBeLessThan(10_000);
  expect(host.printed()).toMatch(/A client was disconnected: it has more than 100 subscriptions/);
});

it('a message of 64 MB is not read', async () => {
  const client = await host.open();
  client.on('error', () => {});
  const closed = closing(client);
  client.send('x'.repeat(64 << 20));
  expect([1009, 1006]).toContain(await closed);
  expect(await host.answers()).toBeLessThan(10_000);
});

it('many connections of one program are refused, and the server still answers', async () => {
  const clients = await Promise.all(Array.from({ length: 100 }, host.open));
  await expect(host.open()).rejects.toThrow(/503/);
  clients[0].terminate();
  await expect
    .poll(() =>
      host.open().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});
