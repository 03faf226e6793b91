/**
 * The window for a browser: the site over HTTP and the router over a WebSocket, on the loopback interface alone.
 * Whoever opens `/?token=…` gets a cookie; everything else needs it, or the token as a bearer. A page of another origin,
 * or a name that merely resolves to this machine, is turned away.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { PermafrostError } from '#contract/errors';
import { appRouter } from '#contract/router';
import type { Services } from '#contract/services';
import { type Answer, createSite, plainText } from '#site/site';

export interface ServerOptions {
  services: Services;
  /** The folder of the built renderer. */
  root: string;
  /** 0: any that is free. */
  port: number;
  token?: string;
}

export interface Server {
  /** With the token, for a person to open. */
  url: string;
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
const hosts: readonly string[] = [loopback, 'localhost', '[::1]'];
/** A subscription waits while so many bytes have not left yet. */
const highWater = 1 << 20;

/** Listens until closed. Throws `conflict` when the port is taken. */
export async function startServer({ services, root, port, token = newToken() }: ServerOptions): Promise<Server> {
  const site = createSite(root, services);
  const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
    // an export names its runs in its path
    const { status, headers, body } = answer(request);
    response.writeHead(status, headers);
    pipeline(request.method === 'HEAD' ? [] : body, response, () => {}); // the asker went away: nothing to do
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 16 << 20 });
  const address = () => (server.address() as AddressInfo).port;
  const cookie = () => `permafrost-${address()}`; // cookies do not know ports, and several servers may run

  const knows = ({ headers }: IncomingMessage): boolean => {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    const kept = new RegExp(`(?:^|; )${cookie()}=([^;]+)`).exec(headers.cookie ?? '')?.[1];
    return isSame(bearer, token) || isSame(kept, token);
  };

  function answer(request: IncomingMessage): Answer {
    if (!isHost(request)) return plainText(421, 'This server answers to 127.0.0.1 and localhost only.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plainText(405, 'Only GET is answered here.');
    const url = request.url ?? '/';
    const offered = url.startsWith('/?') ? new URLSearchParams(url.slice(2)).get('token') : null;
    if (isSame(offered, token)) {
      const headers = { 'set-cookie': `${cookie()}=${token}; Path=/; HttpOnly; SameSite=Strict`, location: '/' };
      const seeOther = plainText(303, 'Welcome.'); // away from the address with the token
      return { ...seeOther, headers: { ...seeOther.headers, ...headers } };
    }
    return knows(request) ? site(url) : plainText(401, 'Open the address that Permafrost printed: it carries a token.');
  }

  server.on('upgrade', (request, socket, head) => {
    const refusal = refusalOf(request);
    if (refusal) return refuse(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request));
  });
  function refusalOf(request: IncomingMessage): string | null {
    if (!isHost(request)) return '421 Misdirected Request';
    if (request.headers.origin !== `http://${request.headers.host}`) return '403 Forbidden';
    return knows(request) ? null : '401 Unauthorized';
  }

  applyWSSHandler({
    wss: sockets,
    router: appRouter,
    keepAlive: { enabled: true, pingMs: 20_000, pongWaitMs: 10_000 },
    createContext: ({ res }) => ({ services, drain: () => drained(res) }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new PermafrostError('conflict', `Port ${port} cannot be used: ${cause.message}. Choose another: --port N.`, {
          cause,
        }),
      ),
    );
    server.listen(port, loopback, resolve);
  });
  return {
    url: `http://${loopback}:${address()}/?token=${token}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const newToken = (): string => randomBytes(24).toString('base64url');

/** Compares in a time that tells nothing. */
function isSame(offered: string | null | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(offered ?? ''), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether the request names this machine's loopback; the port may be that of a tunnel. */
const isHost = ({ headers }: IncomingMessage): boolean => hosts.includes((headers.host ?? '').replace(/:\d+$/, ''));

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

/** Resolves when the socket has room again, or is closed. */
async function drained(socket: WebSocket): Promise<void> {
  while (socket.bufferedAmount > highWater && socket.readyState === socket.OPEN)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
