/**
 * happy-dom as the environment of a test whose app fetches from a server: import it first, instead of naming the environment.
 * Its own `fetch` and what belongs to it are a browser's, while the app of a test runs in Node.
 */
import { builtinEnvironments } from 'vitest/environments';

const { AbortController, AbortSignal, FormData, fetch, Headers, Request, Response, URL, URLSearchParams } = globalThis;
await builtinEnvironments['happy-dom'].setup(globalThis, {});
Object.assign(globalThis, {
  ...{ AbortController, AbortSignal, FormData, fetch, Headers, Request, Response, URL, URLSearchParams },
});
