/**
 * HTTP requests that keep the token secret: this file follows redirects itself and sends the token only to the origin (scheme,
 * host, port) that it belongs to. Refusals become errors that say what to do.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { PermafrostError } from '#contract/errors';
import { bytesText, plural } from '#contract/format';

export interface RequestOptions {
  headers?: Record<string, string>;
  method?: string;
  body?: RequestInit['body'];
  /** Sent as `Authorization: Bearer` to the origin of the first URL only, whatever redirects follow. */
  token?: string;
  signal?: AbortSignal;
}

/** A failure that a retry may fix, such as a broken connection or a request to wait. */
export class Transient extends Error {
  /** Milliseconds that the server asked to wait; null if it did not. */
  readonly wait: number | null;
  constructor(message: string, wait: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.wait = wait;
  }
}

const mostRedirects = 10;
const redirects: readonly number[] = [301, 302, 303, 307, 308];
const passing: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Follows redirects and returns the answer, whatever its status. Throws {@link Transient} without an answer, and `network` for an invalid address or token. */
export async function request(url: string, { token, headers, ...rest }: RequestOptions = {}): Promise<Response> {
  const first = webAddress(url);
  if (!first)
    throw new PermafrostError(
      'network',
      `${shown(url)} is not a web address. Expected http:// or https:// and no password. If HF_ENDPOINT is set, check it.`,
    );
  if (token !== undefined && !/^[!-~]+$/.test(token))
    throw new PermafrostError(
      'network',
      'The token in HF_TOKEN or in the token file has characters that tokens cannot have, such as a space or a curly quote. Copy it again.',
    ); // fetch's own error would quote the token
  let [at, init] = [first, { method: 'GET', ...rest }];
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const sent = new Headers(headers);
    if (token && at.origin === first.origin) sent.set('authorization', `Bearer ${token}`);
    const response = await send(at, { ...init, headers: sent, redirect: 'manual' });
    const location = redirects.includes(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    if (response.status === 303) init = { method: 'GET', signal: init.signal };
    const next = webAddress(location, at);
    if (!next)
      throw new PermafrostError(
        'network',
        `${url}: the server redirects to ${shown(location)}. Expected a web address, and https:// if the first one is. Check the address.`,
      );
    at = next;
  }
  throw new PermafrostError('network', `${url}: more than ${mostRedirects} redirects. Check the address.`);
}

/** The URL if it may be fetched, else null. It must be http or https, without a password, and only https after https. */
function webAddress(text: string, from?: URL): URL | null {
  const url = URL.parse(text, from?.href);
  const schemes = from?.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  return url && schemes.includes(url.protocol) && !url.username && !url.password ? url : null;
}

/** An address for a message: without password and query, and at most 200 characters. */
const shown = (address: string): string =>
  address
    .replace(/\/\/[^/]*@/, '//…@')
    .replace(/\?.*/s, '')
    .slice(0, 200);

/** Reads the body of an answer about `what`. Throws `network` if it has more than `most` bytes after unpacking, and {@link Transient} if the connection breaks. */
export async function readBody({ body }: Response, most: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of body ?? []) {
      bytes += part.length;
      if (bytes > most)
        throw new PermafrostError(
          'network',
          `${what}: the server's answer has more than ${bytesText(most)}; expected less. Check the address.`,
        );
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof PermafrostError) throw error;
    throw new Transient(`${what}: the connection broke during the answer: ${reasonOf(error)}`, null, { cause: error });
  }
  return Buffer.concat(parts);
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Transient(`${url.host} cannot be reached: ${reasonOf(error)}`, null, { cause: error });
  }
}

/** The cause behind "fetch failed". */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.message || cause?.code || message;
}

const advice: Record<number, string> = {
  401: 'It requires a token. Set HF_TOKEN to one that may read it, or check the name.',
  403: 'The token may not read it. Accept the terms on its page, or use another token.',
  404: 'It does not exist. Check the name and the revision.',
  410: 'It was removed.',
};

/** Throws if the status is an error: {@link Transient} if a retry may help, otherwise `network`. */
export function checkStatus(response: Response, what: string): void {
  const { status } = response;
  if (response.ok) return;
  const said = `${what}: the server answered ${status}${response.statusText ? ` ${response.statusText}` : ''}`;
  if (passing.includes(status)) throw new Transient(said, retryAfter(response));
  throw new PermafrostError('network', `${said}. ${advice[status] ?? 'Check the address, or try again later.'}`);
}

/** Retry-After in milliseconds. The header is a number of seconds or a date. */
function retryAfter({ headers }: Response): number | null {
  const text = headers.get('retry-after');
  if (text === null) return null;
  const wait = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

export interface Patience {
  /** Most failures in a row. */
  attempts: number;
  /** Milliseconds before the second attempt. The delay doubles with each further attempt, up to a minute. */
  delay: number;
}
export const defaultPatience: Patience = { attempts: 6, delay: 500 };
const longestWait = 60_000;

/**
 * Calls `attempt` until it succeeds or fails permanently. Progress since the last failure (`gotFurther`) restarts the count of
 * failures. Throws `network` with the last reason after too many failures in a row.
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  { attempts, delay, signal, gotFurther = () => false }: Patience & { signal?: AbortSignal; gotFurther?(): boolean },
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      signal?.throwIfAborted();
      return await attempt();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      failures = gotFurther() ? 1 : failures + 1;
      if (failures >= attempts) {
        const times = `tried ${plural(attempts, 'time')}`;
        throw new PermafrostError('network', `${error.message} (${times}). Check the connection and try again.`, {
          cause: error,
        });
      }
      const wait = Math.min(longestWait, error.wait ?? delay * 2 ** (failures - 1) * (1 + Math.random() / 4));
      await sleep(wait, undefined, { signal });
    }
  }
}
