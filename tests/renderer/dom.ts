/**
 * happy-dom as the environment of a test whose app fetches from a server: import it first, instead of naming the environment.
 * It replaces `fetch` and its classes by a browser's, but the app of a test needs Node's.
 */
import { builtinEnvironments } from 'vitest/environments';

const { AbortController, AbortSignal, FormData, fetch, Headers, Request, Response, URL, URLSearchParams } = globalThis;
await builtinEnvironments['happy-dom'].setup(globalThis, {});
Object.assign(globalThis, {
  ...{ AbortController, AbortSignal, FormData, fetch, Headers, Request, Response, URL, URLSearchParams },
});
