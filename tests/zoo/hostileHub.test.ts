/** A lying hub and one that never ends: no answer becomes a path, a hang or a full disk. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findWeights } from '#zoo/weights';
import type { Zoo } from '#zoo/zoo';
import { writeFiles } from './archives.ts';
import { type HubServer, openHub } from './hubServer.ts';
import { type Answer, serve } from './server.ts';
import { checkpointOf, json, openZooHome, tiny } from './zooHome.ts';

const weights = checkpointOf(tiny);
let hub: HubServer;
let place: ReturnType<typeof openZooHome>;
let zoo: Zoo;
beforeEach(async () => {
  hub = await openHub({
    [tiny]: {
      commit: 'a'.repeat(40),
      files: { 'config.json': json({ model_type: 'gpt2' }), 'model.safetensors': weights },
    },
  });
  place = openZooHome({ HF_ENDPOINT: hub.api.url, HF_TOKEN: 'secret' });
  zoo = place.openZoo();
});
afterEach(async () => {
  await zoo.close();
  await hub.close();
  place.close();
});
const places = 5; // where the weights may be, asked once each
const everything = () => readdirSync(place.root, { recursive: true, encoding: 'utf8' }).sort();

describe('a hub whose', () => {
  it('commit is a path creates no folder', async () => {
    const before = everything();
    for (const commit of ['../../../../outside', 'main', '/etc', '', 'A'.repeat(40)]) {
      hub.repos[tiny].commit = commit;
      await expect(zoo.pull(tiny), commit).rejects.toMatchObject({ code: 'network' });
    }
    expect(everything()).toEqual(before);
  });

  it('digest is a path deletes no other program’s partial file', async () => {
    mkdirSync(place.cache('models--sshleifer--tiny-gpt2', 'blobs'), { recursive: true });
    writeFileSync(join(place.root, 'foreign.incomplete'), 'half of something');
    for (const lies of [
      { lfs: { oid: '../../../../foreign', size: 3, pointerSize: 1 } },
      { lfs: { oid: join(place.root, 'foreign'), size: 3, pointerSize: 1 } },
      { lfs: undefined, oid: '../../../../foreign' },
    ]) {
      hub.repos[tiny].lies = lies;
      await expect(zoo.pull(tiny)).rejects.toThrow(
        /the server does not answer like a Hugging Face hub: .*oid: "\S+foreign" is not a SHA-/,
      );
    }
    expect(readFileSync(join(place.root, 'foreign.incomplete'), 'utf8')).toBe('half of something');
    expect(existsSync(join(place.root, 'foreign'))).toBe(false);
  });

  it.each([
    ['size is below nothing', { lfs: undefined, size: -1 }],
    ['size is no number', { lfs: undefined, size: '3' }],
    ['size is beyond all disks', { lfs: undefined, size: 1e300 }],
    ['digest is none', { lfs: undefined, oid: undefined }],
    ['large file is described by a text', { lfs: 'large' }],
    ['path leaves the repository', { path: '../../config.json' }],
  ])('%s is not believed', async (_, lies) => {
    hub.repos[tiny].lies = lies;
    await expect(zoo.pull(tiny)).rejects.toMatchObject({ code: 'network' });
    expect(zoo.get(tiny).state).toBe('absent');
  });

  const text =
    (body: string): Answer =>
    (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  it.each([
    ['no JSON', '<html>sign in</html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list of nulls', '[null]'],
    ['no list', '{}'],
  ])('answer is %s is an error of the network', async (_, body) => {
    hub.api.answer(text(body));
    await expect(zoo.pull(tiny)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/sshleifer\/tiny-gpt2: the server does not answer like a Hugging Face hub/),
    });
  });

  it('config.json would fill the memory is refused, and the file is not read', async () => {
    hub.repos['me/huge'] = {
      commit: 'c'.repeat(40),
      files: { 'config.json': Buffer.alloc(2_000_000, ' ') },
    };
    await expect(zoo.add('me/huge')).rejects.toThrow(/config\.json of me\/huge has 2000000 bytes; expected at most/);
    expect(hub.api.requests.some(({ url }) => url.includes('/resolve/'))).toBe(false);
  });

  it('commit in the cache is a path is not followed', () => {
    writeFiles(place.cache('models--sshleifer--tiny-gpt2'), { 'refs/main': '../../../../outside', 'snapshots/x': '' });
    writeFiles(place.root, { 'outside/model.safetensors': weights });
    expect(findWeights(place.home, tiny, place.environment)).toBeNull();
    expect(zoo.get(tiny).state).toBe('absent');
  });
});

describe('an answer that never ends', () => {
  /** Sends until the client stops reading; resolves to the number of bytes. */
  function endless(headers: Record<string, string>, gzip = false): { answer: Answer; sent(): number } {
    let sent = 0;
    function* spaces() {
      for (const chunk = Buffer.alloc(65536, ' '); sent < 2 ** 30; sent += chunk.length) yield chunk;
    }
    const answer: Answer = async (_, response) => {
      response.writeHead(200, gzip ? { ...headers, 'content-encoding': 'gzip' } : headers);
      const steps = gzip ? [createGzip({ level: 1 }), response] : [response];
      await pipeline([Readable.from(spaces()), ...steps]).catch(() => {});
    };
    return { answer, sent: () => sent };
  }

  it.each([[false], [true]])('about a model is aborted before it fills the memory (gzip %s)', async (gzip) => {
    const { answer, sent } = endless({ 'content-type': 'application/json' }, gzip);
    hub.api.answer(answer);
    await expect(zoo.pull(tiny)).rejects.toThrow(/sshleifer\/tiny-gpt2: .*more than 4 MB/);
    expect(sent()).toBeLessThan(2 ** 29);
    expect(hub.api.requests).toHaveLength(places);
  });

  it('about a model is aborted too if it is small but unpacks to a thousand times its size', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    hub.api.answer((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    await expect(zoo.pull(tiny)).rejects.toThrow(/more than 4 MB/);
  });

  it('with a file of known size is aborted at its end, and leaves nothing behind', async () => {
    const { answer, sent } = endless({});
    hub.storage.answer(answer);
    await expect(zoo.pull(tiny)).rejects.toThrow(
      new RegExp(`expected ${weights.length} bytes, but the server sent more`),
    );
    expect(sent()).toBeLessThan(weights.length + 2 ** 25);
    expect(
      readdirSync(place.cache('models--sshleifer--tiny-gpt2', 'blobs')).filter((name) => /incomplete/.test(name)),
    ).toEqual([]);
    expect(hub.storage.requests).toHaveLength(1);
    hub.storage.answer(serve(weights));
    await expect(zoo.pull(tiny)).resolves.toMatchObject({ state: 'here' });
  });
});

describe('a hub that', () => {
  it.each([
    'file:///etc/passwd',
    'data:application/json,[]',
    'ftp://127.0.0.1/x',
    'http://user:word@127.0.0.1/x',
    'http://',
    '//',
  ])('redirects to %s is left at once', async (location) => {
    hub.api.answer((_, response) => void response.writeHead(302, { location }).end());
    await expect(zoo.pull(tiny)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/redirects to .*\. Expected a web address/),
    });
    expect(hub.api.requests).toHaveLength(places);
  });

  it.each(['data:application/json,[]', 'file:///etc', 'huggingface.co', 'http://user:word@127.0.0.1'])(
    'HF_ENDPOINT says is at %s is not asked',
    async (endpoint) => {
      const other = place.openZoo({ environment: { ...place.environment, HF_ENDPOINT: endpoint } });
      const error = await other.pull(tiny).catch((reason) => reason);
      expect(error).toMatchObject({
        code: 'network',
        message: expect.stringMatching(/is not a web address.*HF_ENDPOINT/),
      });
      expect(error.message).not.toContain('user');
      await other.close();
    },
  );

  it('requires a token never receives a malformed one, and errors do not show it', async () => {
    const other = place.openZoo({ environment: { ...place.environment, HF_TOKEN: 'hf_se\ncr“et' } });
    const error = await other.pull(tiny).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'network', message: expect.stringMatching(/HF_TOKEN.*Copy it again/) });
    expect(`${error.message} ${error.stack}`).not.toMatch(/cr“et/);
    expect(hub.api.requests).toHaveLength(0);
    await other.close();
  });
});
