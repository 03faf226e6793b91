/** The part of the Hugging Face hub's HTTP interface that fetching a model uses, on 127.0.0.1. Large files are on another port, as on the real hub they are on another host. */
import { createHash } from 'node:crypto';
import { json as body } from 'node:stream/consumers';
import { openServer, serve, type TestServer } from './server.ts';

export interface HubServer {
  api: TestServer;
  /** Where large files are redirected to. */
  storage: TestServer;
  repos: Record<
    string,
    { commit: string; files: Record<string, Buffer> /** What it says of each file instead. */; lies?: unknown }
  >;
  close(): Promise<void>;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const gitSha1 = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
const isLarge = (path: string): boolean => !path.endsWith('.json');

export async function openHub(repos: HubServer['repos']): Promise<HubServer> {
  const [api, storage] = [await openServer(), await openServer()];
  const find = (name: string, revision: string) => {
    const repo = repos[name];
    return repo && [repo.commit, 'main'].includes(revision) ? repo : null;
  };
  api.answer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, api.url).pathname);
    const asked = /^\/api\/models\/([^/]+\/[^/]+)\/(?:revision|paths-info)\/(.+)$/.exec(path);
    const [, name, revision, file] = asked ?? /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const repo = find(name ?? '', revision ?? '');
    if (!repo) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    const json = (value: unknown) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (asked && request.method === 'GET')
      return json({ _id: '1', id: name, private: false, sha: repo.commit, lastModified: '2021-01-01T00:00:00Z' });
    if (asked) {
      const { paths: wanted } = (await body(request)) as { paths: string[] };
      const found = wanted.filter((at) => repo.files[at]);
      return json(
        found.map((at) => {
          const bytes = repo.files[at];
          const lfs = isLarge(at) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } } : {};
          return { path: at, type: 'file', oid: gitSha1(bytes), size: bytes.length, ...lfs, ...(repo.lies as object) };
        }),
      );
    }
    if (isLarge(file!)) return void response.writeHead(302, { location: `${storage.url}/${name}/${file}` }).end();
    return serve(repo.files[file!])(request, response);
  });
  storage.answer((request, response) => {
    const [, name, file] = /^\/([^/]+\/[^/]+)\/(.+)$/.exec(request.url!)!;
    return serve(repos[name].files[file])(request, response);
  });
  return {
    api,
    storage,
    repos,
    async close() {
      await api.close();
      await storage.close();
    },
  };
}
