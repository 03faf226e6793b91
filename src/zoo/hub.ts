/** Fetching from the Hugging Face hub into the shared cache. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { DownloadProgress } from '#contract/zoo';
import { download } from './download.ts';
import { cachedFile, type HubFile, type HubSettings, isCommit, repoFolder } from './hubCache.ts';
import { checkStatus, type Patience, patience, persist, request } from './request.ts';

/** A file as the hub describes it. */
export interface RemoteFile extends HubFile {
  commit: string;
  bytes: number;
  /** Of a large file; small ones have the SHA-1 of their git blob. */
  digest: { sha256: string } | { gitSha1: string };
}

export interface FetchOptions {
  signal?: AbortSignal;
  patience?: Patience;
}

/**
 * The files among `paths` that a revision of a repository has. Throws `network` for a repository that is not there, is closed
 * to us, or when nothing may be fetched.
 */
export async function describeFiles(
  settings: HubSettings,
  repo: string,
  revision: string,
  paths: string[],
  options: FetchOptions = {},
): Promise<RemoteFile[]> {
  refuseOffline(settings, repo);
  const hub = await import('@huggingface/hub');
  const access = { hubUrl: settings.endpoint, fetch: hubFetch(settings, repo, options) };
  const commit = isCommit(revision)
    ? revision
    : (await hub.modelInfo({ name: repo, revision, additionalFields: ['sha'], ...access })).sha;
  const found = await hub.pathsInfo({ repo: { type: 'model', name: repo }, revision: commit, paths, ...access });
  return paths.flatMap((path): RemoteFile[] => {
    const info = found.find((file) => file.path === path);
    if (!info) return [];
    const digest = info.lfs ? { sha256: info.lfs.oid } : { gitSha1: info.oid ?? '' };
    return [{ repo, revision, path, commit, bytes: info.lfs?.size ?? info.size, digest }];
  });
}

function refuseOffline({ offline }: HubSettings, repo: string): void {
  if (!offline) return;
  throw new PermafrostError(
    'network',
    `${repo} is not in the Hugging Face cache and HF_HUB_OFFLINE is set. Unset it, or fetch it where there is a network and copy the cache.`,
  );
}

/** fetch for the library's calls: our token rules, retries and errors. */
const hubFetch =
  ({ token }: HubSettings, repo: string, options: FetchOptions): typeof fetch =>
  (input, { method, headers, body } = {}) => {
    const attempt = async () => {
      const sent = Object.fromEntries(new Headers(headers));
      const response = await request(String(input), { method, headers: sent, body, token, signal: options.signal });
      checkStatus(response, repo);
      return response;
    };
    return persist(attempt, { ...(options.patience ?? patience), signal: options.signal });
  };

const blobOf = ({ cache }: HubSettings, { repo, digest }: RemoteFile): string =>
  join(repoFolder(cache, repo), 'blobs', 'sha256' in digest ? digest.sha256 : digest.gitSha1);

/** Brings a file into the cache, where every program that keeps its layout finds it. Returns its path. */
export async function fetchFile(
  settings: HubSettings,
  file: RemoteFile,
  options: FetchOptions & { onProgress?(progress: DownloadProgress): void } = {},
): Promise<string> {
  const { repo, revision, path, commit, bytes, digest } = file;
  const known = cachedFile(settings.cache, { repo, revision: commit, path });
  const folder = repoFolder(settings.cache, repo);
  const blob = blobOf(settings, file);
  if (!known && !existsSync(blob)) {
    refuseOffline(settings, repo);
    const url = `${settings.endpoint}/${repo}/resolve/${commit}/${path}`;
    await download({ url, path: blob, bytes, ...digest, token: settings.token, ...options });
  }
  const pointer = join(folder, 'snapshots', commit, path);
  if (!known) await link(blob, pointer);
  if (!isCommit(revision)) {
    const ref = join(folder, 'refs', revision);
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(ref, commit);
  }
  return pointer;
}

/** A relative link, so that the cache may be moved; where links need a privilege (Windows) the file itself. */
async function link(blob: string, pointer: string): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  await rm(pointer, { force: true }); // a link whose blob is gone
  try {
    await symlink(relative(dirname(pointer), blob), pointer);
  } catch {
    await rename(blob, pointer);
  }
}
