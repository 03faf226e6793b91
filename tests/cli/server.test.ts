/** The server with browsers, strangers and bad connections as clients. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectTo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createApp } from '#app';
import { type Server, startServer } from '#cli/server';
import { parseConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { AppRouter } from '#contract/router';
import type { JournalEntry } from '#contract/run';
import type { Services } from '#contract/services';

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
  services.queue.pause();
  server = await startServer({ services, root, port: 0, token, patience: 1500 });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  await server.close();
  await services.close();
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

const bearer = { authorization: `Bearer ${token}` };
/** A request with its path unchanged, dots included. */
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
  it('the address with the token sets a cookie and redirects to one without it; the cookie opens the page', async () => {
    const first = await get(`/?token=${token}`, {});
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(await get('/', { cookie: cookie.split(';')[0] })).toMatchObject({ status: 200, text: '<!doctype html>' });
  });
  it('every other request is refused: no token, a wrong token, another host, another method', async () => {
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
  it('every answer forbids content from other origins', async () => {
    for (const path of ['/', '/nothing', '/download/runs.csv']) {
      const { headers } = await get(path);
      expect(headers['content-security-policy'], path).toMatch(/default-src 'none'; script-src 'self';/);
      expect(headers['x-content-type-options'], path).toBe('nosniff');
    }
  });
  it('downloads are sent as files', async () => {
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

/** A TCP client that sends nothing by itself. */
const raw = () =>
  new Promise<Socket>((resolve) => {
    const socket: Socket = connectTo(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => {});
  });
const closing = (socket: Socket) =>
  new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (part) => {
      text += part;
    });
    socket.once('close', () => resolve(text));
  });

describe('the address that opens a browser', () => {
  it('works once, does not contain the token, and leaves the token’s own address valid', async () => {
    const { pathname, search } = new URL(server.ticket());
    expect(search).not.toContain(token);
    expect((await get(pathname + search, {}, 'HEAD')).status, 'a look at it does not use it').toBe(401);
    const { status, headers } = await get(pathname + search, {});
    expect(status).toBe(303);
    const [cookie] = headers['set-cookie'] as string[];
    expect((await get('/', { cookie: cookie.split(';')[0] })).status).toBe(200);
    expect((await get(pathname + search, {})).status).toBe(401);
    expect((await get('/?ticket=', {})).status).toBe(401);
    expect((await get(`/?token=${token}`, {})).status).toBe(303);
  });
  it('is valid for a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { pathname, search } = new URL(server.ticket());
      vi.setSystemTime(Date.now() + 61_000);
      expect((await get(pathname + search, {})).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a client that sends its request slowly', () => {
  it('is disconnected, in the middle of its headers or of a body', async () => {
    for (const begin of [
      'GET / HTTP/1.1\r\nHost: 127',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n',
    ]) {
      const socket = await raw();
      const closed = closing(socket);
      socket.write(begin);
      const drip = setInterval(() => socket.write('x'), 50);
      expect(await closed).toMatch(/408 Request Timeout|405/);
      clearInterval(drip);
    }
  });
  it('and keeps sending after a refused upgrade is disconnected', async () => {
    const socket = connectTo({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    const closed = closing(socket);
    socket.write('GET /trpc HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.once('end', () => {
      const drip = setInterval(() => socket.write('x'), 10); // into a closed connection
      socket.once('close', () => clearInterval(drip));
    });
    expect(await closed).toMatch(/403 Forbidden/);
  });
});

describe('a download that fails', () => {
  const chunk = 'x'.repeat(100_000);
  async function* breaking() {
    yield chunk;
    yield chunk;
    throw new PermafrostError('disk', 'The disk is full.');
  }
  async function* broken() {
    if (folder) throw new PermafrostError('disk', 'The disk is gone.');
    yield chunk;
  }
  let ended: () => void;
  /** Ends when its reader disconnects, and reports that. */
  async function* endless() {
    try {
      for (;;) yield chunk;
    } finally {
      ended();
    }
  }
  async function* slow() {
    try {
      await sleep(100);
      yield chunk;
    } finally {
      ended();
    }
  }
  const files: Record<string, () => AsyncIterable<string>> = { breaking, broken, endless, slow };
  const reports: string[] = [];
  let other: Server;
  let at: number;
  beforeAll(async () => {
    const download = (path: string) => ({ name: 'x', type: 'text/csv', chunks: files[path.split(/[/?]/)[2]]() });
    const options = { services: { ...services, download }, root: join(folder, 'renderer'), port: 0, token };
    other = await startServer({ ...options, report: (line) => reports.push(line) });
    at = Number(new URL(other.url).port);
  });
  afterAll(() => other.close());
  const from = (path: string) => fetch(`http://127.0.0.1:${at}/download/${path}`, { headers: bearer });

  it('midway closes the connection, so that a browser shows it as failed, and is reported', async () => {
    const response = await from('breaking?secret=1');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    await expect.poll(() => reports).toEqual(['/download/breaking failed half-way: The disk is full.']);
  });
  it('before it begins is answered with the reason, and reported', async () => {
    const response = await from('broken');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('The disk is gone.\n');
    expect(reports).toContain('/download/broken failed: The disk is gone.');
  });
  it('because its reader disconnected ends its generator and is not reported', async () => {
    reports.length = 0;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const response = await from('endless');
    await response.body!.cancel();
    await end;
    expect((await from('broken')).status).toBe(500);
    expect(reports).toEqual(['/download/broken failed: The disk is gone.']);
  });
  it('because its reader disconnected before it began ends its generator too', async () => {
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const gone = new AbortController();
    const request = fetch(`http://127.0.0.1:${at}/download/slow`, { headers: bearer, signal: gone.signal });
    await sleep(30);
    gone.abort();
    await expect(request).rejects.toThrow();
    await end;
  });
});

it('a page that cannot be read is answered, and the server continues', async () => {
  const page = join(folder, 'renderer', 'page.js');
  symlinkSync('page.js', page); // leads to itself
  mkdirSync(join(folder, 'renderer', 'assets'));
  expect((await get('/page.js')).status).toBe(404);
  expect((await get('/assets')).status).toBe(404);
  expect((await get('/')).status).toBe(200);
});

describe('over the WebSocket', () => {
  const refused = (headers: Record<string, string>, path = '/trpc') =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
      socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)));
      socket.on('open', () => resolve('open'));
    });

  it('only a page of this server with the token is accepted', async () => {
    const origin = `http://127.0.0.1:${port}`;
    expect(await refused({ origin })).toBe('401');
    expect(await refused({ ...bearer, origin: 'http://evil.example' })).toBe('403');
    expect(await refused(bearer)).toBe('403');
    expect(await refused({ ...bearer, origin, host: 'evil.example' })).toBe('421');
    expect(await refused({ ...bearer, origin })).toBe('open');
    expect(await refused({ ...bearer, origin }, '/elsewhere')).toBe('404');
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
            if (data.entries.length === 0 || ws.readyState !== ws.OPEN) return; // received before the break
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
    await services.queue.whenIdle();
    await client.close();
  });
});
