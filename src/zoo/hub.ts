/** Fetches files from the Hugging Face hub into the shared cache. */
import { existsSync } from 'node:fs';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { byteCount, commit as commitName, gitSha1, innerPath, sha256Digest } from '#contract/names';
import type { DownloadProgress } from '#contract/zoo';
import { writeAtomically } from '#disk/atomicFile';
import { removeBelow } from '#disk/removable';
import { download, sweepLock } from './download.ts';
import { cachedFile, type HubFile, type HubSettings, isCommit, repoFolder } from './hubCache.ts';
import { checkStatus, defaultPatience, type Patience, persist, readBody, request, Transient } from './request.ts';

/** A file as the hub describes it. */
export interface HubBlob extends HubFile {
  commit: string;
  bytes: number;
  /** SHA-256 for large files, the SHA-1 of the git blob for small ones. */
  digest: { sha256: string } | { gitSha1: string };
}

export interface FetchOptions {
  signal?: AbortSignal;
  patience?: Patience;
}

/** The fields of the hub's answers that we use: sizes, and names that become parts of paths. */
const revisionAnswer = z.object({ sha: commitName });
const fileAnswer = z.object({
  path: innerPath,
  oid: gitSha1.optional(),
  size: byteCount,
  lfs: z.object({ oid: sha256Digest, size: byteCount }).nullish(),
});
const mostAnswer = 4e6; // bytes; real answers have a few thousand
const answerTime = 60_000; // ms

/**
 * Describes those of `paths` that exist in a revision of a repository. Throws `network` if the repository is missing or not
 * accessible, if HF_HUB_OFFLINE is set, or if the answer is not that of a hub.
 */
export async function describeFiles(
  settings: HubSettings,
  repo: string,
  revision: string,
  paths: string[],
  options: FetchOptions = {},
): Promise<HubBlob[]> {
  refuseOffline(settings, repo);
  const hub = await import('@huggingface/hub');
  const access = { hubUrl: settings.endpoint, fetch: hubFetch(settings, repo, options) };
  try {
    const commit = isCommit(revision)
      ? revision
      : revisionAnswer.parse(await hub.modelInfo({ name: repo, revision, additionalFields: ['sha'], ...access })).sha;
    const found = await hub.pathsInfo({ repo: { type: 'model', name: repo }, revision: commit, paths, ...access });
    return z
      .array(fileAnswer)
      .parse(found)
      .flatMap((file): HubBlob[] => {
        if (!paths.includes(file.path)) return [];
        const { path, size, lfs, oid = '' } = file;
        const digest = lfs ? { sha256: lfs.oid } : { gitSha1: gitSha1.parse(oid) };
        return [{ repo, revision, path, commit, bytes: lfs?.size ?? size, digest }];
      });
  } catch (error) {
    if (error instanceof PermafrostError || options.signal?.aborted) throw error;
    throw invalidAnswer(repo, error);
  }
}

function invalidAnswer(repo: string, cause: unknown): PermafrostError {
  const issues = cause instanceof z.ZodError ? cause.issues : [];
  const why = issues.map(({ path, message }) => `${path.join('.')}: ${message}`)[0] ?? (cause as Error).message;
  return new PermafrostError(
    'network',
    `${repo}: the server does not answer like a Hugging Face hub: ${why} Check HF_ENDPOINT, and check that no sign-in page intercepts the request.`,
    { cause },
  );
}

function refuseOffline({ offline }: HubSettings, repo: string): void {
  if (!offline) return;
  throw new PermafrostError(
    'network',
    `${repo} is not in the Hugging Face cache, and HF_HUB_OFFLINE forbids fetching it. Unset HF_HUB_OFFLINE, or fetch the model on another machine and copy the cache.`,
  );
}

/** The `fetch` that the hub library calls, with our rules for tokens, retries, errors and limits. */
const hubFetch =
  ({ token }: HubSettings, repo: string, options: FetchOptions): typeof fetch =>
  (input, { method, headers, body } = {}) => {
    const attempt = async () => {
      const sent = Object.fromEntries(new Headers(headers));
      const late = AbortSignal.timeout(answerTime);
      const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
      try {
        const response = await request(String(input), { method, headers: sent, body, token, signal });
        checkStatus(response, repo);
        return new Response(await readBody(response, mostAnswer, repo), { status: response.status });
      } catch (error) {
        if (late.aborted) throw new Transient(`${repo}: no complete answer in ${answerTime / 1000} seconds`);
        throw error;
      }
    };
    return persist(attempt, { ...(options.patience ?? defaultPatience), signal: options.signal });
  };

const blobOf = ({ cache }: HubSettings, { repo, digest }: HubBlob): string =>
  join(repoFolder(cache, repo), 'blobs', 'sha256' in digest ? digest.sha256 : digest.gitSha1);

/** Fetches a file into the cache, where other programs find it too. Returns its path. */
export async function fetchFile(
  settings: HubSettings,
  file: HubBlob,
  options: FetchOptions & { onProgress?(progress: DownloadProgress): void } = {},
): Promise<string> {
  const { repo, revision, path, commit, bytes, digest } = file;
  const known = cachedFile(settings.cache, { repo, revision: commit, path });
  const folder = repoFolder(settings.cache, repo);
  const blob = blobOf(settings, file);
  if (!known && !existsSync(blob)) {
    refuseOffline(settings, repo);
    const url = `${settings.endpoint}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
    await download({ url, path: blob, bytes, ...digest, token: settings.token, ...options });
  }
  await sweepLock(blob);
  const pointer = join(folder, 'snapshots', commit, path);
  if (!known) await link(folder, blob, pointer);
  if (!isCommit(revision)) {
    const ref = join(folder, 'refs', revision);
    await mkdir(dirname(ref), { recursive: true });
    writeAtomically(ref, [Buffer.from(commit)]);
  }
  return pointer;
}

/** Makes a relative link, so that the cache can be moved. Moves the file instead if links need a privilege (Windows). */
async function link(folder: string, blob: string, pointer: string): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  await removeBelow({ owner: folder, path: pointer }); // a link whose blob is gone
  try {
    await symlink(relative(dirname(pointer), blob), pointer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return; // another program was faster
    await rename(blob, pointer);
  }
}
