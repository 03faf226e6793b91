/** Serves the built renderer and the app's downloads to the window or a browser, and no other file. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { describeError } from '#contract/errors';
import type { Services } from '#contract/services';

export interface SiteResponse {
  status: number;
  headers: Record<string, string>;
  body: Readable;
}

/** Forbids other origins and inline scripts. Allows inline styles, which Mantine writes. */
const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:",
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

export const securityHeaders = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

export const textResponse = (status: number, text: string): SiteResponse => ({
  status,
  headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' },
  body: Readable.from([`${text}\n`]),
});

export interface SiteRequest {
  /** A path with its query. */
  path: string;
  /** GET or HEAD; for HEAD no file is made. */
  method?: string;
  /** Aborts when the client disconnects. */
  signal?: AbortSignal;
}

/** Answers requests; `root` is the folder of the built renderer. Reports failed and interrupted responses. */
export const createSite =
  (root: string, services: Pick<Services, 'download'>, report: (line: string) => void) =>
  async ({ path, method = 'GET', signal }: SiteRequest): Promise<SiteResponse> => {
    const complain = (what: string, error: Error) => {
      if (!signal?.aborted && !isDisconnect(error))
        report(`${path.split('?')[0].slice(0, 200)} ${what}: ${error.message}`);
    };
    try {
      const pathname = decode(path.split('?')[0]);
      if (pathname === null) return textResponse(400, 'The address is not well formed.');
      if (!pathname.startsWith('/download/')) return file(root, pathname);
      const { chunks, ...answer } = download(services, path);
      const body = method === 'HEAD' ? Readable.from([]) : await begun(chunks, signal);
      body.once('error', (error) => complain('failed half-way', error));
      return { ...answer, body };
    } catch (error) {
      const { code, message } = describeError(error);
      const status = statuses[code] ?? 500;
      if (status === 500) complain('failed', error as Error);
      return textResponse(status, message);
    }
  };

/** Whether an error means only that the client disconnected. */
const isDisconnect = ({ name, code }: NodeJS.ErrnoException): boolean =>
  name === 'AbortError' || code === 'ERR_STREAM_PREMATURE_CLOSE';

function decode(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

const statuses: Partial<Record<string, number>> = { notFound: 404, config: 400 };

function download(services: Pick<Services, 'download'>, path: string) {
  const { name, type, chunks } = services.download(path);
  const headers = {
    ...securityHeaders,
    'content-type': type,
    'content-disposition': `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`,
    'cache-control': 'no-store',
  };
  return { status: 200, headers, chunks };
}

type Chunks = AsyncIterable<string | Uint8Array>;

/**
 * Waits for the first chunk, so that a file that cannot be made is answered with an error instead of a stream. The generator is
 * closed if the stream ends early, even before its first read.
 */
async function begun(chunks: Chunks, signal?: AbortSignal): Promise<Readable> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = [await iterator.next()];
  const all: AsyncIterableIterator<string | Uint8Array> = {
    next: async () => first.pop() ?? iterator.next(),
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]: () => all,
  };
  const body = Readable.from(all, { objectMode: false });
  return signal ? addAbortSignal(signal, body) : body; // the option of Readable.from would not close the generator
}

function file(root: string, pathname: string): SiteResponse {
  const path = join(root, pathname === '/' ? 'index.html' : pathname);
  const isInside = path.startsWith(root + sep) && !pathname.includes('\0');
  if (!isInside || !existsSync(path) || !statSync(path).isFile()) return textResponse(404, 'There is no such file.');
  const hashed = pathname.startsWith('/assets/'); // the file name changes with its content
  const headers = {
    ...securityHeaders,
    'content-type': types[extname(path)] ?? 'application/octet-stream',
    'cache-control': hashed ? 'max-age=31536000, immutable' : 'no-cache',
  };
  return { status: 200, headers, body: Readable.from([readFileSync(path)]) };
}
