/**
 * Downloads one file to the disk. Downloads can be resumed and are verified; a file exists only when it is complete.
 *
 *     await download({ url, path, bytes, sha256, onProgress, signal });
 *
 * Until the file is complete, its bytes are in `{path}.incomplete`. Aborting the signal pauses the download: the next call
 * continues with an HTTP range, or starts over if the server ignores ranges. `discard(path)` cancels a paused download.
 * Only a file with a known digest is resumed, since only the digest proves that both parts are of the same file.
 */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { bytesText } from '#contract/format';
import type { DownloadProgress } from '#contract/zoo';
import { dropDeadLease, type Lease, takeLease } from '#disk/lease';
import { diskError, isDiskTrouble } from '#disk/troubles';
import { createMeter } from './meter.ts';
import { checkStatus, defaultPatience, type Patience, persist, reasonOf, request, Transient } from './request.ts';

export interface DownloadOptions {
  url: string;
  /** Path of the file. Its folder is made, and an existing file is replaced. */
  path: string;
  /** Size in bytes, if it is known beforehand. */
  bytes?: number;
  /** Expected digests in hex. Those that are given are checked. `gitSha1` needs `bytes`. */
  sha256?: string;
  md5?: string;
  /** SHA-1 of a git blob, `blob <size>\0<content>`, which identifies small files on Hugging Face. */
  gitSha1?: string;
  /** Sent to the URL's own origin only, not to others that redirects lead to. */
  token?: string;
  /** Called at most ten times a second, and at the end. */
  onProgress?(progress: DownloadProgress): void;
  /** Aborting it pauses the download, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Retries after dropped connections, 408, 425, 429 and 5xx. The count of failures restarts whenever bytes arrive. */
  patience?: Patience;
  /** Milliseconds without a byte after which a connection counts as dropped. */
  stall?: number;
  /** Returns the free bytes of a folder's disk. */
  freeBytes?(folder: string): Promise<number>;
}

export interface Downloaded {
  bytes: number;
  /** Digest of the content, always computed. */
  sha256: string;
}

/** The path of a file's bytes until the file is complete. */
export const incomplete = (path: string): string => `${path}.incomplete`;
const lockOf = (path: string): string => `${incomplete(path)}.lease`;
/** Whether files of that name exist only during a download. */
export const isPassing = (name: string): boolean =>
  [incomplete(''), lockOf(''), '.draft'].some((end) => name.endsWith(end));
const reserve = 32 * 2 ** 20; // bytes of disk that a download leaves free
const reportTime = 100; // ms

/**
 * Downloads the file. Throws `network` (server, digest, size), `disk` (space, permission) or `conflict` (another process is
 * downloading it). Deletes the file if its digest is wrong.
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { path, signal } = options;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true }).catch((error) => Promise.reject(diskError(path, error)));
  const lease = await lock(path, signal);
  try {
    const file = await open(incomplete(path), 'a+').catch((error) => Promise.reject(diskError(path, error)));
    let sha256: string;
    let bytes: number;
    try {
      const transfer = await beginTransfer(options, file);
      await fetchAll(options, transfer);
      ({ sha256, bytes } = await verify(options, transfer));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(incomplete(path), path); // last, because a file that exists is complete
    return { bytes, sha256 };
  } catch (error) {
    if (error instanceof WrongContent) await discard(path);
    if (signal?.aborted) throw signal.reason;
    throw diskError(path, error);
  } finally {
    lease.release();
  }
}

/** Deletes the partial file of an aborted download. */
export const discard = (path: string): Promise<void> => rm(incomplete(path), { force: true });

/** The content differs from the expected one, so resuming cannot help. */
class WrongContent extends PermafrostError {}

interface Transfer {
  file: FileHandle;
  /** Bytes on the disk, all of them hashed. */
  have: number;
  /** Size of the whole file; null while unknown. */
  total: number | null;
  hashes: Hashes;
  /** Whether some bytes are from an earlier call. */
  resumed: boolean;
  /** The server's ETag of the content. */
  etag: string | null;
  report(final?: boolean): void;
  restart(): Promise<void>;
}

async function beginTransfer(options: DownloadOptions, file: FileHandle): Promise<Transfer> {
  const meter = createMeter();
  let reported = Number.NEGATIVE_INFINITY;
  const transfer: Transfer = {
    file,
    have: 0,
    total: options.bytes ?? null,
    hashes: openHashes(options),
    resumed: false,
    etag: null,
    report(final = false) {
      const at = performance.now();
      if (!final && at - reported < reportTime) return;
      reported = at;
      options.onProgress?.(meter.progress(transfer.have, transfer.total, at));
    },
    async restart() {
      await file.truncate(0);
      Object.assign(transfer, { have: 0, hashes: openHashes(options), resumed: false, etag: null });
      meter.start(0, performance.now());
    },
  };
  const { size } = await file.stat();
  const verifiable = Boolean(options.sha256 ?? options.md5 ?? options.gitSha1);
  if (size > 0 && verifiable && size <= (options.bytes ?? size)) {
    for await (const chunk of createReadStream(incomplete(options.path), { signal: options.signal }))
      transfer.hashes.update(chunk);
    Object.assign(transfer, { have: size, resumed: true });
  } else if (size > 0) await transfer.restart();
  meter.start(transfer.have, performance.now());
  return transfer;
}

/** Retries until all bytes have arrived. */
async function fetchAll(options: DownloadOptions, transfer: Transfer): Promise<void> {
  let before = transfer.have;
  const attempt = async () => {
    before = transfer.have;
    if (transfer.total === null || transfer.have < transfer.total) await fetchRest(options, transfer);
  };
  await persist(attempt, {
    ...(options.patience ?? defaultPatience),
    signal: options.signal,
    gotFurther: () => transfer.have > before,
  });
  transfer.report(true);
}

/** Fetches over one connection. Throws {@link Transient} if it ends early. */
async function fetchRest(options: DownloadOptions, transfer: Transfer): Promise<void> {
  const { url, token, bytes, signal } = options;
  const stall = createStall(options.stall ?? 60_000, signal);
  try {
    const response = await request(url, { token, headers: rangeHeaders(transfer), signal: stall.signal });
    const { status } = response;
    if (status === 416) {
      await response.body?.cancel();
      await transfer.restart();
      throw new Transient(`${url}: the server has no bytes from ${transfer.have} on`, 0);
    }
    checkStatus(response, url);
    const { start, total } = extent(response);
    if (bytes !== undefined && total !== null && total !== bytes) {
      await response.body?.cancel();
      throw new WrongContent(
        'network',
        `${url}: expected ${bytes} bytes, but the server has ${total}. Either the file was replaced there or the address is wrong.`,
      );
    }
    if (start !== transfer.have) await transfer.restart(); // the server ignored the range
    if (start !== transfer.have)
      throw new Transient(`${url}: requested bytes from the start, received bytes from ${start} on`);
    transfer.total = total ?? bytes ?? null;
    transfer.etag = response.headers.get('etag');
    await checkSpace(options, transfer);
    await receive(response, options, transfer, stall.moved);
    if (transfer.total !== null && transfer.have < transfer.total)
      throw new Transient(`${url}: the connection ended at byte ${transfer.have} of ${transfer.total}`);
    transfer.total = transfer.have;
  } catch (error) {
    if (signal?.aborted || error instanceof Transient || error instanceof PermafrostError) throw error;
    if (isDiskTrouble(error)) throw error;
    throw new Transient(`${url}: the connection broke at byte ${transfer.have}: ${reasonOf(error)}`, null, {
      cause: error,
    });
  } finally {
    stall.end();
  }
}

/** If-Range prevents mixing two versions of a file: if the content has changed, the server answers with all of it. */
function rangeHeaders({ have, etag }: Transfer): Record<string, string> {
  const identity = { 'accept-encoding': 'identity' }; // ranges and lengths count encoded bytes
  if (have === 0) return identity;
  const strong = etag !== null && !etag.startsWith('W/');
  return { ...identity, range: `bytes=${have}-`, ...(strong ? { 'if-range': etag } : {}) };
}

/** The position of the response's first byte in the file, and the size of the file. */
function extent({ status, headers }: Response): { start: number; total: number | null } {
  if (status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    return { start: Number(start ?? -1), total: total === undefined || total === '*' ? null : Number(total) };
  }
  const length = headers.get('content-length');
  const encoded = (headers.get('content-encoding') ?? 'identity') !== 'identity';
  return { start: 0, total: length === null || encoded ? null : Number(length) };
}

/** Writes the body. Throws if it is longer than announced, or if a body of unknown length fills the disk. */
async function receive(
  { body }: Response,
  options: DownloadOptions,
  transfer: Transfer,
  moved: () => void,
): Promise<void> {
  if (body === null) return;
  let checked = transfer.have;
  for await (const chunk of body) {
    moved();
    const { have, total } = transfer;
    if (total !== null && have + chunk.length > total)
      throw new WrongContent(
        'network',
        `${options.url}: expected ${total} bytes, but the server sent more. Either the file was replaced there or the address is wrong.`,
      );
    if (total === null && have - checked >= reserve) {
      checked = have;
      await checkSpace(options, transfer);
    }
    for (let done = 0; done < chunk.length; ) done += (await transfer.file.write(chunk, done)).bytesWritten;
    transfer.hashes.update(chunk);
    transfer.have += chunk.length;
    transfer.report();
  }
}

/** A signal that aborts if no byte arrives for `time` ms, or if `outer` aborts. */
function createStall(time: number, outer?: AbortSignal): { signal: AbortSignal; moved(): void; end(): void } {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Transient(`nothing arrived for ${time / 1000} seconds`)), time);
  return {
    signal: outer ? AbortSignal.any([outer, stalled.signal]) : stalled.signal,
    moved: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  };
}

async function checkSpace({ path, url, freeBytes = freeBytesOf }: DownloadOptions, transfer: Transfer): Promise<void> {
  const left = transfer.total === null ? reserve : transfer.total - transfer.have;
  const [needed, free] = [left + reserve, await freeBytes(dirname(path))];
  if (free >= needed) return;
  throw new PermafrostError(
    'disk',
    `${url} needs ${bytesText(needed)} more in ${dirname(path)}, but the disk has only ${bytesText(free)} free. Free some space, or use another disk.`,
  );
}

/** Free bytes of the disk that a folder is on. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

interface Hashes {
  update(chunk: Uint8Array): void;
  /** Returns `sha256`, and the others if they are expected. */
  digests(): Record<string, string>;
}

function openHashes({ md5, gitSha1, bytes }: DownloadOptions): Hashes {
  const hashes: Record<string, Hash> = { sha256: createHash('sha256') };
  if (md5 !== undefined) hashes.md5 = createHash('md5');
  if (gitSha1 !== undefined) hashes.gitSha1 = createHash('sha1').update(`blob ${bytes}\0`);
  return {
    update: (chunk) => {
      for (const hash of Object.values(hashes)) hash.update(chunk);
    },
    digests: () => Object.fromEntries(Object.entries(hashes).map(([name, hash]) => [name, hash.digest('hex')])),
  };
}

/** Compares digests. If that fails for a resumed file, whose bytes from an earlier call may be wrong, fetches it from the start. */
async function verify(options: DownloadOptions, transfer: Transfer): Promise<Downloaded> {
  const found = transfer.hashes.digests();
  const wrong = (['sha256', 'md5', 'gitSha1'] as const).find(
    (name) => options[name] !== undefined && options[name]?.toLowerCase() !== found[name],
  );
  if (wrong === undefined) return { bytes: transfer.have, sha256: found.sha256 };
  if (!transfer.resumed) {
    throw new WrongContent(
      'network',
      `${options.url}: expected ${wrong} ${options[wrong]}, found ${found[wrong]} over ${transfer.have} bytes. The file was changed in transit or at its source. It was deleted here. Try again, or choose another source.`,
    );
  }
  await transfer.restart();
  await fetchAll(options, transfer);
  return verify(options, transfer);
}

/** Removes the lock of a process that was killed right after it completed the file. */
export async function sweepLock(path: string): Promise<void> {
  dropDeadLease(lockOf(path));
}

/** Allows one process at a time to write a partial file. The lock of a dead process is taken over. */
const lock = (path: string, signal?: AbortSignal): Promise<Lease> =>
  takeLease(lockOf(path), { what: `The download of ${path}`, signal });
