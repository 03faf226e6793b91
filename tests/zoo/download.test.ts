import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { randomStream } from '#contract/random';
import type { DownloadProgress } from '#contract/zoo';
import { leaseText } from '#disk/heartbeat';
import { thisProcess } from '#disk/processes';
import { discard, download, incomplete } from '#zoo/download';
import { openServer, serve, status, type TestServer } from './server.ts';

const random = randomStream(1, 'download');
const randomBytes = (length: number) => Buffer.from(Uint8Array.from({ length }, () => random.below(256)));
const content = randomBytes(300_000);
const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');
const sha256 = digest('sha256', content);
const patience = { attempts: 3, delay: 5 };
const partialBytes = (path: string) => statSync(incomplete(path), { throwIfNoEntry: false })?.size ?? 0;

let folder: string;
let path: string;
let server: TestServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-download-'));
  path = join(folder, 'deep', 'file.bin');
  server = await openServer();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
const get = (options: object = {}) => download({ url: `${server.url}/file`, path, patience, sha256, ...options });
const fetched = () => digest('sha256', readFileSync(path));
const left = () => readdirSync(join(folder, 'deep'));
/** The connection ends when this many bytes are on the disk. */
const dropAt = (until: number) =>
  serve(content, {
    until,
    async arrived(bytes) {
      while (partialBytes(path) < bytes) await sleep(5);
    },
  });
const ranges = () => server.requests.map(({ range }) => range);
async function failure(promise: Promise<unknown>): Promise<PermafrostError> {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(PermafrostError);
  return error;
}

describe('a download', () => {
  it('is complete, verified and the only file in its folder, and reports progress', async () => {
    server.answer(serve(content));
    const told: DownloadProgress[] = [];
    const result = await get({ bytes: content.length, onProgress: (p: DownloadProgress) => told.push(p) });
    expect(result).toEqual({ bytes: content.length, sha256 });
    expect(fetched()).toBe(sha256);
    expect(left()).toEqual(['file.bin']);
    expect(told.at(-1)).toMatchObject({ bytes: content.length, total: content.length });
  });

  it('checks MD5 and git digests', async () => {
    server.answer(serve(content));
    const gitSha1 = digest('sha1', Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]));
    await get({ sha256: undefined, md5: digest('md5', content).toUpperCase() });
    await get({ sha256: undefined, gitSha1, bytes: content.length });
    const error = await failure(get({ sha256: undefined, gitSha1: gitSha1.replace(/^./, 'x'), bytes: content.length }));
    expect(error.message).toMatch(/expected gitSha1 x.*found/);
  });

  it('continues where a dropped connection ended', async () => {
    server.answer(dropAt(100_000), dropAt(220_000), serve(content));
    await get();
    expect(fetched()).toBe(sha256);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=220000-']);
  });

  it('starts over if the server ignores ranges', async () => {
    server.answer(dropAt(100_000), serve(content, { ranges: false }));
    await get();
    expect(fetched()).toBe(sha256);
  });

  it('gives up after several attempts without a byte, and keeps the bytes it has', async () => {
    server.answer(dropAt(100_000));
    const error = await failure(get());
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toMatch(/byte 100000.*\(tried 3 times\)\. Check the connection and try again/);
    expect(existsSync(path)).toBe(false);
    expect(partialBytes(path)).toBe(100_000);
  });

  it('continues in a later call if the digest is known, and starts over if it is not', async () => {
    server.answer(dropAt(100_000));
    await failure(get());
    server.answer(serve(content));
    await get();
    expect(ranges().at(-1)).toBe('bytes=100000-');
    expect(fetched()).toBe(sha256);
    server.answer(dropAt(100_000));
    await failure(get({ sha256: undefined }));
    server.answer(serve(content));
    await get({ sha256: undefined });
    expect(ranges().at(-1)).toBeUndefined();
    expect(fetched()).toBe(sha256);
  });

  it('repairs a partial file with wrong or surplus bytes', async () => {
    server.answer(serve(content));
    for (const partial of [randomBytes(1000), randomBytes(content.length), randomBytes(content.length + 5)]) {
      await get();
      writeFileSync(`${path}.incomplete`, partial);
      expect(await get()).toEqual({ bytes: content.length, sha256 });
      expect(fetched()).toBe(sha256);
    }
  });

  it('does not mix two versions of a file', async () => {
    const other = randomBytes(300_000);
    server.answer(dropAt(100_000), (request, response) => {
      expect(request.headers['if-range']).toBe('"v1"');
      response.writeHead(200, { 'content-length': other.length, etag: '"v2"' }).end(other);
    });
    await get({ sha256: undefined });
    expect(fetched()).toBe(digest('sha256', other));
  });
});

describe('an abort', () => {
  it('pauses: the bytes stay, and the next call continues', async () => {
    const stop = new AbortController();
    server.answer((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000), () => setTimeout(() => stop.abort(), 50));
    });
    await expect(get({ signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(partialBytes(path)).toBe(100_000);
    expect(left()).toEqual(['file.bin.incomplete']);
    server.answer(serve(content));
    await get();
    expect(ranges().at(-1)).toBe('bytes=100000-');
  });

  it('followed by discard cancels: nothing stays', async () => {
    server.answer(dropAt(100_000));
    await failure(get());
    await discard(path);
    expect(left()).toEqual([]);
  });

  it('ends the wait between attempts', async () => {
    server.answer(status(503, { 'retry-after': '3600' }));
    await expect(get({ signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a server that', () => {
  it.each([
    [401, /answered 401 Unauthorized\. It requires a token\. Set HF_TOKEN/],
    [403, /answered 403 Forbidden\. The token may not read it/],
    [404, /answered 404 Not Found\. It does not exist/],
    [418, /answered 418/],
  ])('answers %i is not asked again', async (code, message) => {
    server.answer(status(code));
    expect((await failure(get())).message).toMatch(message);
    expect(server.requests).toHaveLength(1);
    expect(partialBytes(path)).toBe(0);
  });

  it.each([429, 500, 502, 503])('answers %i is asked again, until we give up', async (code) => {
    server.answer(status(code, { 'retry-after': '0' }), serve(content));
    await get();
    server.answer(status(code));
    expect((await failure(get())).message).toMatch(new RegExp(`answered ${code} .*tried 3 times`));
  });

  it('sends unexpected bytes has them deleted', async () => {
    server.answer(serve(randomBytes(content.length)));
    const error = await failure(get());
    expect(error.message).toMatch(
      /expected sha256 [0-9a-f]{64}, found [0-9a-f]{64} over 300000 bytes.*It was deleted here/,
    );
    expect(left()).toEqual([]);
  });

  it('has another size than expected fails at once', async () => {
    server.answer(serve(content));
    expect((await failure(get({ bytes: 5 }))).message).toMatch(/expected 5 bytes, but the server has 300000/);
    expect(left()).toEqual([]);
  });

  it('promises more bytes than it sends fails', async () => {
    server.answer((_, response) => {
      response.writeHead(200, { 'content-length': content.length + 100 });
      response.write(content, () => setTimeout(() => response.destroy(), 20));
    });
    expect((await failure(get())).message).toMatch(/byte 300000/);
    expect(existsSync(path)).toBe(false);
  });

  it('promises fewer bytes than it sends fails at the digest', async () => {
    server.answer((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.socket!.end(content); // bypasses http, which would refuse it
    });
    await failure(get());
    expect(existsSync(path)).toBe(false);
  });

  it('sends without end and without a size is cut off before the disk is full', async () => {
    let [asked, sent] = [0, 0];
    server.answer(async (_, response) => {
      response.writeHead(200);
      const closed = once(response, 'close');
      for (const chunk = Buffer.alloc(2 ** 20); sent < 2 ** 28 && !response.destroyed; sent += chunk.length)
        if (!response.write(chunk))
          await Promise.race([new Promise((drained) => response.once('drain', drained)), closed]);
      response.end();
    });
    const error = await failure(get({ sha256: undefined, freeBytes: async () => (asked++ === 0 ? 1e12 : 1e6) }));
    expect(error).toMatchObject({ code: 'disk', message: expect.stringMatching(/the disk has only 1 MB free/) });
    expect(sent).toBeLessThan(2 ** 27);
  });

  it('sends more in a part than the file has is stopped at the end of the file', async () => {
    server.answer(dropAt(100_000), (_, response) => {
      response.writeHead(206, { 'content-range': `bytes 100000-299999/${content.length}` });
      response.write(content.subarray(100_000));
      response.end(randomBytes(50_000));
    });
    expect((await failure(get())).message).toMatch(/expected 300000 bytes, but the server sent more/);
    expect(left()).toEqual([]);
  });

  it('stops sending counts as a dropped connection', async () => {
    server.answer((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000));
    }, serve(content));
    await get({ stall: 300 });
    expect(fetched()).toBe(sha256);
  });

  it('cannot be reached is named', async () => {
    const { url } = server;
    await server.close();
    expect((await failure(get())).message).toMatch(
      new RegExp(`${new URL(url).host} cannot be reached: .*ECONNREFUSED.*Check the connection`),
    );
    server = await openServer();
  });

  it('redirects to another port does not get the token sent there', async () => {
    const other = await openServer();
    try {
      other.answer(
        serve(content),
        (_, response) => void response.writeHead(302, { location: `${server.url}/back` }).end(),
      );
      server.answer(
        (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end(),
        (_, response) => void response.writeHead(302, { location: `${other.url}/cdn` }).end(),
      );
      await get({ token: 'secret' });
      expect(server.requests.map((r) => r.authorization)).toEqual(['Bearer secret', 'Bearer secret']);
      expect(other.requests.map((r) => r.authorization)).toEqual([undefined]);
    } finally {
      await other.close();
    }
  });

  it('redirects in a circle, or to no web address, is refused', async () => {
    server.answer((_, response) => void response.writeHead(302, { location: '/file' }).end());
    expect((await failure(get())).message).toMatch(/more than 10 redirects/);
    server.answer((_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    expect((await failure(get())).message).toMatch(/redirects to file:/);
  });
});

it('a full disk is found before the first byte is written', async () => {
  server.answer(serve(content));
  const error = await failure(get({ freeBytes: async () => 1e6 }));
  expect(error).toMatchObject({ code: 'disk' });
  expect(error.message).toMatch(/needs 33\.\d MB more in .*deep, but the disk has only 1 MB free\. Free some space/);
  expect(partialBytes(path)).toBe(0);
});

it('a folder that cannot be made is a disk error', async () => {
  writeFileSync(join(folder, 'deep'), 'a file where the folder should be');
  expect(await failure(get())).toMatchObject({ code: 'disk' });
});

it('two downloads of one file do not collide', async () => {
  server.answer(serve(content));
  const both = await Promise.allSettled([get(), get()]);
  expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(left()).toEqual(['file.bin']);
});

it('the lock of a dead process with our own PID, as in a restarted container, is taken over', async () => {
  server.answer(serve(content));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.incomplete.lease`, leaseText('theirs', { ...thisProcess, start: '1' }, 3));
  await get();
  expect(left()).toEqual(['file.bin']);
});
