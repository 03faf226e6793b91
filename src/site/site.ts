/** What a window or a browser may fetch: the built renderer and the downloads of the app. No other file is reachable. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { describeError } from '#contract/errors';
import type { Services } from '#contract/services';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Readable;
}

/** Nothing from elsewhere, no inline script. Styles may be inline: Mantine writes them. */
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

export const plainText = (status: number, text: string): Answer => ({
  status,
  headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' },
  body: Readable.from([`${text}\n`]),
});

/** Answers a path with its query; `root` is the folder of the built renderer. */
export const createSite =
  (root: string, services: Pick<Services, 'download'>) =>
  (path: string): Answer => {
    const pathname = decode(path.split('?')[0]);
    if (pathname === null) return plainText(400, 'The address is not well formed.');
    return pathname.startsWith('/download/') ? download(services, path) : file(root, pathname);
  };

function decode(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

const statuses: Partial<Record<string, number>> = { notFound: 404, config: 400 };

function download(services: Pick<Services, 'download'>, path: string): Answer {
  try {
    const { name, type, chunks } = services.download(path);
    const headers = {
      ...securityHeaders,
      'content-type': type,
      'content-disposition': `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`,
      'cache-control': 'no-store',
    };
    return { status: 200, headers, body: Readable.from(chunks, { objectMode: false }) };
  } catch (error) {
    const { code, message } = describeError(error);
    return plainText(statuses[code] ?? 500, message);
  }
}

function file(root: string, pathname: string): Answer {
  const path = join(root, pathname === '/' ? 'index.html' : pathname);
  const isInside = path.startsWith(root + sep) && !pathname.includes('\0');
  if (!isInside || !existsSync(path) || !statSync(path).isFile()) return plainText(404, 'There is nothing here.');
  const hashed = pathname.startsWith('/assets/'); // the name changes with the content
  const headers = {
    ...securityHeaders,
    'content-type': types[extname(path)] ?? 'application/octet-stream',
    'cache-control': hashed ? 'max-age=31536000, immutable' : 'no-cache',
  };
  return { status: 200, headers, body: Readable.from([readFileSync(path)]) };
}
