/** An HTTP server on 127.0.0.1 with the answers of a test; records its requests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface TestServer {
  url: string;
  requests: { method: string; url: string; range?: string; authorization?: string }[];
  /** Answers the next requests in this order, the last one for ever. */
  answer(...answers: Answer[]): void;
  close(): Promise<void>;
}

export async function openServer(): Promise<TestServer> {
  let queue: Answer[] = [];
  const requests: TestServer['requests'] = [];
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    requests.push({ method: request.method!, url: request.url!, range, authorization });
    const answer = queue.length > 1 ? queue.shift()! : queue[0];
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(...answers) {
      queue = answers;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

/** Serves the content, by range where one is asked for; `until` drops the connection after that byte of the
 * content, once `arrived` says that the client has it. */
export const serve =
  (content: Buffer, { ranges = true, until = content.length, etag = '"v1"', arrived = wait } = {}): Answer =>
  (request, response) => {
    const range = ranges && /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range ? Number(range[1]) : 0;
    if (start >= content.length && start > 0) return void response.writeHead(416).end();
    const headers = { 'content-length': content.length - start, etag };
    if (range)
      response.writeHead(206, {
        ...headers,
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      });
    else response.writeHead(200, headers);
    if (until >= content.length) return void response.end(content.subarray(start));
    response.write(content.subarray(start, Math.max(start, until)), async () => {
      await arrived(until); // fetch discards unread bytes when a connection breaks
      response.destroy();
    });
  };

const wait = (_bytes: number): Promise<unknown> => sleep(20);

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(code, headers).end();
