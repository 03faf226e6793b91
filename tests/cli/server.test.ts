/** The server as a browser, a stranger and a bad network meet it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import type { AppRouter } from '#contract/router';
import type { JournalEntry } from '#contract/run';
import type { Services } from '#contract/services';
import { type Server, startServer } from '../../src/cli/server.ts';

const token = 'a-token-of-this-test';
let folder: string;
let services: Services;
let server: Server;
let port: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
  const root = join(folder, 'renderer');
  mkdirSync(root);
  writeFileSync(join(root, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  services = await createApp({ home: join(folder, 'home') });
  services.pauseQueue(true);
  server = await startServer({ services, root, port: 0, token });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  await server.close();
  await services.close();
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

const bearer = { authorization: `Bearer ${token}` };
/** A request as it is, dots and all. */
const get = (path: string, headers: Record<string, string> = bearer, method = 'GET') =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });

describe('over HTTP', () => {
  it('the address with the token gives a cookie and leads away from itself; the cookie opens the page', async () => {
    const first = await get(`/?token=${token}`, {});
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(await get('/', { cookie: cookie.split(';')[0] })).toMatchObject({ status: 200, text: '<!doctype html>' });
  });
  it('nobody else gets anything: no token, a wrong one, another host’s name, another method', async () => {
    expect((await get('/', {})).status).toBe(401);
    expect((await get('/?token=wrong', {})).status).toBe(401);
    expect((await get('/', { cookie: `permafrost-${port}=wrong` })).status).toBe(401);
    expect((await get('/', { ...bearer, host: `evil.example:${port}` })).status).toBe(421);
    expect((await get('/', bearer, 'POST')).status).toBe(405);
  });
  it('no path leads out of the built page', async () => {
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/..\\secret.txt',
      '//secret.txt',
      '/%00',
      '/%',
    ])
      expect((await get(path)).text, path).not.toContain('secret\n');
    expect((await get('/..%2fsecret.txt')).status).toBe(404);
    expect((await get('/%')).status).toBe(400);
  });
  it('every answer forbids foreign content', async () => {
    for (const path of ['/', '/nothing', '/download/runs.csv']) {
      const { headers } = await get(path);
      expect(headers['content-security-policy'], path).toMatch(/default-src 'none'; script-src 'self';/);
      expect(headers['x-content-type-options'], path).toBe('nosniff');
    }
  });
  it('downloads come as files', async () => {
    const { status, headers, text } = await get('/download/runs.csv');
    expect(status).toBe(200);
    expect(headers['content-disposition']).toBe('attachment; filename="runs.csv"');
    expect(text).toMatch(/^id,state/);
    expect(await get('/download/other')).toMatchObject({ status: 404, text: expect.stringContaining('runs.csv') });
    expect(await get('/download/config.json?id=nobody')).toMatchObject({ status: 404 });
  });
});

/** A WebSocket that sends what a browser would. */
const browserSocket = (headers: Record<string, string>) =>
  class extends WebSocket {
    constructor(url: string) {
      super(url, { headers });
    }
  } as unknown as typeof globalThis.WebSocket;

function connect(headers: Record<string, string>) {
  const client = createWSClient({
    url: `ws://127.0.0.1:${port}/trpc`,
    WebSocket: browserSocket(headers),
    retryDelayMs: () => 20,
  });
  const api: TRPCClient<AppRouter> = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });
  return { api, client };
}

describe('over the WebSocket', () => {
  const refused = (headers: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/trpc`, { headers });
      socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)));
      socket.on('open', () => resolve('open'));
    });

  it('only a page of this server with the token is heard', async () => {
    const origin = `http://127.0.0.1:${port}`;
    expect(await refused({ origin })).toBe('401');
    expect(await refused({ ...bearer, origin: 'http://evil.example' })).toBe('403');
    expect(await refused(bearer)).toBe('403');
    expect(await refused({ ...bearer, origin, host: 'evil.example' })).toBe('421');
    expect(await refused({ ...bearer, origin })).toBe('open');
    expect(await refused({ ...bearer, origin: 'http://localhost:9000', host: 'localhost:9000' })).toBe('open'); // a tunnel
  });

  it('an error comes with its code and without a stack', async () => {
    const { api, client } = connect({ ...bearer, origin: `http://127.0.0.1:${port}` });
    await expect(api.runs.get.query({ id: 'nobody' })).rejects.toMatchObject({
      message: expect.stringContaining('There is no run "nobody"'),
      data: { reason: 'notFound' },
    });
    const error = await api.runs.get.query({ id: 'nobody' }).catch((e) => e);
    expect(error.data.stack).toBeUndefined();
    await client.close();
  });

  it('a page whose connection breaks again and again still gets every event of a run once', async () => {
    const config = parseConfig({
      ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, device: 'cpu', early_stop: null },
      ...{ n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4, num_iters: 100_000, steps_per_iter: 5 },
      ...{ batch_size: 8, gpu_batch_size: 8, test_steps_per_iter: 16, final_test_samples: 64 },
    });
    const { api, client } = connect({ ...bearer, origin: `http://127.0.0.1:${port}` });
    const [id] = await api.runs.create.mutate({ configs: [config] });
    const entries: JournalEntry[] = [];
    let breaks = 0;
    const enough = new Promise<void>((resolve, reject) =>
      api.runs.events.subscribe(
        { id, after: 0 },
        {
          onData({ data }) {
            entries.push(...data.entries);
            const { ws } = client.connection as unknown as { ws: WebSocket };
            if (data.entries.length === 0 || ws.readyState !== ws.OPEN) return; // had come before the break
            if (entries.length >= 12 && breaks >= 3) return resolve();
            breaks++;
            ws.terminate();
          },
          onError: reject,
        },
      ),
    );
    await api.queue.resume.mutate();
    await enough;
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
    await api.runs.stop.mutate({ id });
    await services.idle();
    await client.close();
  });
});
