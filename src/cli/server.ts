/**
 * Serves the window to a browser: the site over HTTP and the router over a WebSocket, only on the loopback interface. `/?token=…`
 * sets a cookie, and so does `/?ticket=…` once. Every other request needs the cookie or the token as a bearer. Requests from pages
 * of other origins, or with host names other than loopback, are refused.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { PermafrostError } from '#contract/errors';
import type { Services } from '#contract/services';
import { connectClient, limits } from '#site/client';
import { createSite, type SiteResponse, textResponse } from '#site/site';

export interface ServerOptions {
  services: Services;
  /** The folder of the built renderer. */
  root: string;
  /** 0: any free port. */
  port: number;
  token?: string;
  /** Called for each error of a client. */
  report?(line: string): void;
  /** How long a client may take to send its request, in ms. */
  patience?: number;
}

export interface Server {
  /** The address with the token, which the user opens. */
  url: string;
  /** Makes an address that works once, within a minute. It is safe as a browser's argument, which other users can see. */
  ticket(): string;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
const hosts: readonly string[] = [loopback, 'localhost', '[::1]'];
/** Unauthorised connections count until they are refused. Headers are large because an export lists its runs in its path. */
const most = { connections: 500, clients: 100, headerBytes: 1 << 20 };
/** Milliseconds between pings. A client that has not answered by the next ping is disconnected. */
const pingPause = 20_000;
/** Milliseconds without progress after which a download ends; long, because a browser may pause it. */
const downloadPatience = 600_000;
/** Milliseconds until a ticket expires. */
const ticketLife = 60_000;
/** Size of the pieces of a message, in bytes. */
const pieceBytes = 64 * 1024;

/** Listens until closed. Throws `conflict` if the port cannot be used. */
export async function startServer({
  services,
  root,
  port,
  token = newSecret(),
  report = console.error,
  patience = 10_000,
}: ServerOptions): Promise<Server> {
  const site = createSite(root, services, report);
  const timeouts = { headersTimeout: patience, requestTimeout: patience, connectionsCheckingInterval: patience / 4 };
  const server = createServer({ maxHeaderSize: most.headerBytes, ...timeouts }, (request, response) => {
    void respond(request, response);
  });
  server.maxConnections = most.connections;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: limits.message });
  const address = () => (server.address() as AddressInfo).port;
  const cookie = () => `permafrost-${address()}`; // with the port, since cookies are shared by all ports of a host
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('error', () => {}); // 'close' follows
    socket.once('close', () => connections.delete(socket));
  });

  const tickets = new Map<string, number>();
  const isTicket = (offered: string | null | undefined): boolean => {
    const until = tickets.get(offered ?? '');
    if (until !== undefined) tickets.delete(offered ?? '');
    return until !== undefined && Date.now() < until;
  };

  const isAuthorised = ({ headers }: IncomingMessage): boolean => {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    const kept = new RegExp(`(?:^|; )${cookie()}=([^;]+)`).exec(headers.cookie ?? '')?.[1];
    return isSame(bearer, token) || isSame(kept, token);
  };

  async function answer(request: IncomingMessage, signal: AbortSignal): Promise<SiteResponse> {
    const { method, url: path = '/' } = request;
    if (!isHost(request)) return textResponse(421, 'This server answers only to 127.0.0.1 and localhost.');
    if (method !== 'GET' && method !== 'HEAD') return textResponse(405, 'This server answers only GET and HEAD.');
    const offered = path.startsWith('/?') ? new URLSearchParams(path.slice(2)) : null;
    if (isSame(offered?.get('token'), token) || (method === 'GET' && isTicket(offered?.get('ticket')))) {
      const headers = { 'set-cookie': `${cookie()}=${token}; Path=/; HttpOnly; SameSite=Strict`, location: '/' };
      const seeOther = textResponse(303, 'Welcome.'); // redirects to an address without the token
      return { ...seeOther, headers: { ...seeOther.headers, ...headers } };
    }
    if (isAuthorised(request)) return site({ path, method, signal });
    return textResponse(401, 'Open the address that Permafrost printed, which contains a token.');
  }

  /** Never throws. If a file fails half-way, closes the connection, which a browser shows as a failed download. */
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.setTimeout(downloadPatience, () => {
      if (response.writableLength > 0) response.destroy();
    });
    const { status, headers, body } = await answer(request, gone.signal);
    response.writeHead(status, headers);
    await pipeline(body, response).catch(() => response.destroy()); // the site reports the error
  }

  server.on('upgrade', (request, socket, head) => {
    const refusal = refusalOf(request);
    if (refusal) refuse(socket as Socket, refusal);
    else sockets.handleUpgrade(request, socket, head, serve);
  });
  function refusalOf(request: IncomingMessage): string | null {
    if (!isHost(request)) return '421 Misdirected Request';
    if (request.headers.origin !== `http://${request.headers.host}`) return '403 Forbidden';
    if (!isAuthorised(request)) return '401 Unauthorized';
    if (request.url !== '/trpc') return '404 Not Found';
    return sockets.clients.size < most.clients ? null : '503 Service Unavailable';
  }

  /** Clients that have not answered the last ping. */
  const quiet = new WeakSet<WebSocket>();
  function serve(socket: WebSocket): void {
    const client = connectClient({
      services,
      report,
      carrier: {
        deliver: (text, moved) => sendInPieces(socket, text, moved),
        close(reason) {
          socket.close(1008, reason);
          socket.terminate(); // it may not answer a close
        },
      },
    });
    socket.on('message', (data: Buffer, isBinary) => {
      quiet.delete(socket);
      client.receive(data, isBinary);
    });
    socket.on('pong', () => quiet.delete(socket));
    socket.on('error', () => {}); // a protocol error; 'close' follows
    socket.on('close', () => client.end());
  }
  const pinging = setInterval(() => {
    for (const socket of sockets.clients) {
      if (quiet.has(socket)) socket.terminate();
      quiet.add(socket);
      socket.ping();
    }
  }, pingPause).unref();

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new PermafrostError(
          'conflict',
          `Port ${port} cannot be used: ${cause.message}. Choose another with --port N.`,
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, loopback, resolve);
  });
  const origin = `http://${loopback}:${address()}`;
  return {
    url: `${origin}/?token=${token}`,
    ticket() {
      const ticket = newSecret();
      tickets.set(ticket, Date.now() + ticketLife);
      return `${origin}/?ticket=${ticket}`;
    },
    async close() {
      clearInterval(pinging);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

const newSecret = (): string => randomBytes(24).toString('base64url');

/** Whether two secrets are equal, compared in constant time. */
function isSame(offered: string | null | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(offered ?? ''), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether the request's host is this machine's loopback, with any port because of tunnels. */
const isHost = ({ headers }: IncomingMessage): boolean => hosts.includes((headers.host ?? '').replace(/:\d+$/, ''));

function refuse(socket: Socket, status: string): void {
  socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  socket.destroySoon(); // does not wait for the other side to end it
}

/** Sends a text in pieces, calling `moved` after each, and resolves at the end. */
async function sendInPieces(socket: WebSocket, text: string, moved: () => void): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const fin = at + pieceBytes >= bytes.length;
    await new Promise<void>((resolve, reject) =>
      socket.send(bytes.subarray(at, at + pieceBytes), { binary: false, fin }, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
    moved();
  }
}
