/** The server with clients that break every rule: it answers the next client, no matter what they send and when they disconnect. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, randomStream } from '#contract/random';
import { endHost, type Host, startHost } from './serverHost.ts';

let home: string;
let host: Host;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  host = await startHost(home);
});
afterAll(async () => {
  await endHost(host);
  rmSync(home, { recursive: true, maxRetries: 5 });
});

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)];
const bytes = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));

/** A request for the page, or an upgrade, with a fault inserted. */
const head = (line: string, headers: Record<string, string>) =>
  `${line}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
const ours = () => ({ host: `127.0.0.1:${host.port}`, ...host.headers });
const upgrade = (more: Record<string, string> = {}) =>
  head('GET /trpc HTTP/1.1', {
    ...ours(),
    ...{ connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    ...more,
  });

/** A WebSocket frame, whole or broken. */
function frame(payload: Buffer | string, { opcode = 1, fin = true, mask = true, rsv = 0, length = -1 } = {}): Buffer {
  const data = Buffer.from(payload as string);
  const said = length < 0 ? data.length : length;
  const size = Buffer.alloc(9);
  size[0] = (mask ? 128 : 0) | 127;
  size.writeBigUInt64BE(BigInt(said), 1);
  const start = Buffer.from([(fin ? 128 : 0) | (rsv << 4) | opcode]);
  return Buffer.concat([start, size, mask ? Buffer.alloc(4) : Buffer.alloc(0), data]); // a mask of zeros changes nothing
}

const paths = [
  ...[
    '/',
    '//',
    '*',
    '/%',
    '/..%2f',
    '/download/',
    '/download/runs.csv',
    '/download/runs.csv?id=nobody',
    '/?token=',
    '/?',
  ],
  ...[
    '/?ticket=x',
    '/?ticket',
    'http://evil.example/',
    '/trpc',
    '/download/metrics.csv?table=x&profile=y',
    '/\u00ff',
    '/a b',
  ],
];
const odd = [null, 0, -1, 1e308, '', 'x', [], {}, [[]], { __proto__: null, constructor: 1 }, true] as const;
const procedures = [
  ...[
    'runs.list',
    'runs.get',
    'runs.events',
    'runs.changes',
    'devices.list',
    'zoo.pulls',
    'config.open',
    'nothing',
    '',
  ],
  ...['__proto__', 'constructor', 'runs', 'runs.__proto__.x', 'toString', 'queue.move', 'runs.trash'],
];
function message(random: Random): string {
  const call = () => ({
    id: pick(random, [1, 2, 'a', null, 1.5, {}, -1]),
    method: pick(random, ['query', 'mutation', 'subscription', 'subscription.stop', 'x', null]),
    jsonrpc: pick(random, [undefined, undefined, '2.0', 3]),
    params: pick(random, [
      { path: pick(random, procedures), input: pick(random, odd) },
      { path: pick(random, procedures), input: { id: pick(random, odd), json: pick(random, odd) }, lastEventId: 'x' },
      ...odd,
    ]),
  });
  return pick(random, [
    () => JSON.stringify(call()),
    () => JSON.stringify(Array.from({ length: random.below(30) }, call)),
    () => JSON.stringify(call()).slice(0, random.below(40)),
    () => JSON.stringify(pick(random, odd)),
    () => `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    () =>
      `{"id":1,"method":"query","params":{"path":"config.open","input":{"json":${'['.repeat(9000)}${']'.repeat(9000)}}}}`,
    () => 'PING'.repeat(random.below(3)),
    () => 'PONG',
  ])();
}

type Headers = Record<string, string>;
type Attack = (random: Random, socket: Socket) => void | Promise<void>;
const attacks: Record<string, Attack> = {
  'noise instead of HTTP': (random, socket) => void socket.write(bytes(random, 1 + random.below(500))),
  'a request with bytes changed'(random, socket) {
    const request = Buffer.from(random.below(2) ? upgrade() : head('GET / HTTP/1.1', ours()));
    for (let i = random.below(6); i >= 0; i--) request[random.below(request.length)] = random.below(256);
    socket.write(request);
  },
  'an odd address': (random, socket) =>
    void socket.write(
      head(`${pick(random, ['GET', 'HEAD', 'POST', 'OPTIONS'])} ${pick(random, paths)} HTTP/1.1`, ours()),
    ),
  'an odd method': (random, socket) =>
    void socket.write(
      head(`${pick(random, ['CONNECT', 'TRACE', 'PRI', 'PURGE'])} ${pick(random, ['/', 'a:1', '*'])} HTTP/1.1`, ours()),
    ),
  'headers that never end': (random, socket) =>
    void socket.write(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(random.below(300))}x`),
  'headers of two megabytes': (_, socket) =>
    void socket.write(head('GET / HTTP/1.1', { ...ours(), x: 'y'.repeat(2 ** 21) })),
  'a body that is none'(random, socket) {
    const coding = pick<Headers>(random, [
      { 'transfer-encoding': 'chunked' },
      { 'content-length': '1000000' },
      { expect: '100-continue' },
    ]);
    socket.write(head('POST / HTTP/1.1', { ...ours(), ...coding }));
    socket.write(bytes(random, 100));
  },
  'many requests at once': (random, socket) =>
    void socket.write(head('GET /download/runs.csv HTTP/1.1', ours()).repeat(1 + random.below(40))),
  'an upgrade by a stranger': (random, socket) =>
    void socket.write(
      upgrade(
        pick<Headers>(random, [{ origin: 'http://evil.example' }, { authorization: '' }, { host: 'evil.example' }]),
      ),
    ),
  'an upgrade that is wrong': (random, socket) =>
    void socket.write(
      upgrade(
        pick<Headers>(random, [
          ...[{ upgrade: 'h2c' }, { 'sec-websocket-key': 'short' }, { 'sec-websocket-version': '99' }],
          ...[{ 'sec-websocket-extensions': ';;=' }, { 'sec-websocket-protocol': ',,' }],
        ]),
      ),
    ),
  'an upgrade elsewhere': (random, socket) =>
    void socket.write(
      upgrade().replace('/trpc', pick(random, ['//', '/', '/?connectionParams=1', '/trpc?connectionParams=1'])),
    ),
  'frames that are wrong'(random, socket) {
    socket.write(upgrade());
    for (let i = random.below(4); i >= 0; i--)
      socket.write(
        frame(bytes(random, random.below(200)), {
          opcode: random.below(16),
          fin: random.below(2) > 0,
          mask: random.below(4) > 0,
          rsv: random.below(3) ? 0 : random.below(8),
          length: pick(random, [-1, -1, 0, 126, 2 ** 20, 2 ** 40]),
        }),
      );
  },
  'a message in pieces, some of them missing'(random, socket) {
    socket.write(upgrade());
    const text = message(random);
    for (let at = 0, opcode = 1; at < text.length; at += 1 + (text.length >> 2), opcode = 0)
      if (random.below(5))
        socket.write(frame(text.slice(at, at + 1 + (text.length >> 2)), { opcode, fin: random.below(3) > 1 }));
    socket.write(frame('', { opcode: 9 }));
  },
  'messages that are wrong'(random, socket) {
    socket.write(upgrade());
    for (let i = random.below(12); i >= 0; i--)
      socket.write(frame(message(random), { opcode: random.below(8) ? 1 : 2 }));
  },
  'a good start and a good-bye of nonsense'(random, socket) {
    socket.write(upgrade());
    socket.write(frame('{"id":1,"method":"subscription","params":{"path":"runs.changes"}}'));
    socket.write(frame(bytes(random, random.below(20)), { opcode: 8 }));
  },
  'hundreds of pings': (random, socket) => {
    socket.write(upgrade());
    for (let i = 0; i < 300; i++) socket.write(frame(bytes(random, 10), { opcode: 9 }));
  },
};

/** Ways in which a client leaves. */
const exits: ((socket: Socket) => void)[] = [
  (socket) => void socket.end(),
  (socket) => void socket.destroy(),
  (socket) => void socket.resetAndDestroy(),
  (socket) => void socket.pause(), // reads nothing, and stays for a while
];

it('answers after every one of 480 broken conversations, without an error in its log', async () => {
  const kinds = Object.keys(attacks);
  const left: Socket[] = [];
  for (let round = 0; round < 480 / kinds.length; round++) {
    await Promise.all(
      kinds.map(async (kind, i) => {
        const random = randomStream(round, 'serverFuzz', i);
        const socket = await host.raw();
        left.push(socket);
        if (random.below(2)) socket.resume();
        await attacks[kind](random, socket);
        if (random.below(2)) await sleep(random.below(30));
        pick(random, exits)(socket);
      }),
    );
    const during = `after round ${round}: ${host.printed()}`;
    expect(host.process.exitCode, during).toBeNull();
    expect(await host.answers(), during).toBeLessThan(15_000);
  }
  for (const socket of left) socket.destroy();
  expect(host.printed()).not.toMatch(/internal:|\n\s+at |rror:/);
  expect((await endHost(host)).code).toBe(0);
}, 60_000);
