/**
 * The Hugging Face cache on this disk, which other programs share. Its layout is
 * `models--org--name/{refs/<revision>, snapshots/<commit>/<file> → ../../blobs/<digest>}`.
 * Source: huggingface_hub, "Understand caching" and "Environment variables".
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit as commitName } from '#contract/names';
import { expandPath } from './expandPath.ts';

export interface HubSettings {
  cache: string;
  /** URL of the hub, without a slash at the end. */
  endpoint: string;
  token: string | undefined;
  /** Do not fetch anything. */
  offline: boolean;
}

const isOn = (text: string | undefined): boolean => ['1', 'true', 'yes', 'on'].includes(text?.toLowerCase() ?? '');

/** Reads HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and their older names like huggingface_hub/constants.py. */
export function hubSettings(environment: NodeJS.ProcessEnv = process.env): HubSettings {
  const e = environment;
  const path = (text: string) => expandPath(text, e);
  const home = path(e.HF_HOME ?? join(e.XDG_CACHE_HOME ?? join(path('~'), '.cache'), 'huggingface'));
  const cache = path(e.HF_HUB_CACHE ?? e.HUGGINGFACE_HUB_CACHE ?? join(home, 'hub'));
  const token =
    clean(e.HF_TOKEN || e.HUGGING_FACE_HUB_TOKEN) || clean(tokenFile(path(e.HF_TOKEN_PATH ?? join(home, 'token'))));
  return {
    cache,
    endpoint: (e.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: isOn(e.HF_HUB_DISABLE_IMPLICIT_TOKEN) ? undefined : token || undefined,
    offline: isOn(e.HF_HUB_OFFLINE || e.TRANSFORMERS_OFFLINE),
  };
}

/** Removes line breaks that were copied with a token. */
const clean = (token = ''): string => token.replace(/[\r\n]/g, '').trim();

/** The token that `huggingface-cli login` has saved. */
const tokenFile = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // no login
  }
};

export interface HubFile {
  repo: string;
  /** A branch, `refs/pr/N` or a commit. */
  revision: string;
  path: string;
}

export const isCommit = (revision: string): boolean => commitName.safeParse(revision).success;
export const repoFolder = (cache: string, repo: string): string => join(cache, `models--${repo.replaceAll('/', '--')}`);

/** The commit of a revision when it was fetched; null if it was never fetched. */
export function cachedCommit(cache: string, repo: string, revision: string): string | null {
  if (isCommit(revision)) return revision;
  const ref = join(repoFolder(cache, repo), 'refs', revision);
  const found = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : '';
  return isCommit(found) ? found : null;
}

/** The path of a file in the cache; null if it is not there. */
export function cachedFile(cache: string, { repo, revision, path }: HubFile): string | null {
  const commit = cachedCommit(cache, repo, revision);
  const place = commit && join(repoFolder(cache, repo), 'snapshots', commit, path);
  return place && existsSync(place) ? place : null;
}
