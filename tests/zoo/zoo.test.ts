import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { filterModels, type PullState } from '#contract/zoo';
import { safetensorsChunks } from '#formats/safetensors';
import type { Gpt2Config } from '#models/gpt2';
import { bodies, buildModel } from '#models/index';
import { countParameters } from '#models/model';
import { taskOf } from '#tasks/index';
import { knownBodies } from '#zoo/bodies';
import { catalog } from '#zoo/catalog';
import { hubSettings } from '#zoo/hubCache';
import { findWeights } from '#zoo/weights';
import { createZoo, type Zoo } from '#zoo/zoo';
import { type HubServer, openHub, sha256 } from './hubServer.ts';
import { serve, status } from './server.ts';

const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
const goldenConfig = { model_type: 'gpt2', ...JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).config };
const tiny = 'sshleifer/tiny-gpt2';

/** A checkpoint of a known body in which every weight is `value`. */
function checkpoint(name: string, value: number, leaveOut: string[] = []): Buffer {
  const { body, config } = bodies[name];
  const shapes = Object.entries(body.parameters(config)).filter(([parameter]) => !leaveOut.includes(parameter));
  const tensors = shapes.map(([parameter, shape]) => {
    return [parameter, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) }];
  });
  return Buffer.concat([...safetensorsChunks(Object.fromEntries(tensors))]);
}
const weights = checkpoint(tiny, 0.5);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

let root: string;
let home: string;
let hub: HubServer;
let environment: NodeJS.ProcessEnv;
let zoo: Zoo;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'permafrost-zoo-'));
  home = join(root, 'home');
  hub = await openHub({
    [tiny]: {
      commit: 'a'.repeat(40),
      files: { 'config.json': json({ model_type: 'gpt2' }), 'model.safetensors': weights },
    },
    'me/golden': {
      commit: 'b'.repeat(40),
      files: {
        'config.json': json(goldenConfig),
        'pytorch_model.bin': readFileSync(join(golden, 'f02-legacy-fp32-lmhead.bin')),
      },
    },
    'me/neo': { commit: 'c'.repeat(40), files: { 'config.json': json({ model_type: 'gpt_neo' }) } },
  });
  environment = { HF_HOME: join(root, 'hf'), HF_ENDPOINT: hub.api.url, HF_TOKEN: 'secret' };
  zoo = openZoo();
});
afterEach(async () => {
  await zoo.close();
  await hub.close();
  rmSync(root, { recursive: true });
});
const openZoo = (more: NodeJS.ProcessEnv = {}) =>
  createZoo({ home, environment: { ...environment, ...more }, patience: { attempts: 2, delay: 5 } });
const cache = (...path: string[]) => join(root, 'hf', 'hub', ...path);

describe('the catalogue', () => {
  it('has the sixteen models of the published sweep, GPT-2 XL, the Vision Transformers, two embedded bodies and a baseline', () => {
    const names = catalog.map(({ name }) => name);
    expect(names).toHaveLength(22);
    expect(new Set(catalog.flatMap(({ name, aliases }) => [name, ...aliases])).size).toBe(
      catalog.flatMap(({ name, aliases }) => [name, ...aliases]).length,
    );
    for (const { body } of catalog)
      expect(body.body.title).toMatch(/GPT-2|Vision Transformer|Audio Spectrogram Transformer/);
  });

  it('counts parameters like a config does', () => {
    for (const [name, frozen, total] of [
      ['gpt2', 59146, 124460554],
      ['sshleifer/tiny-gpt2', 84, 102778],
    ] as const) {
      expect(zoo.get(name).parameters).toMatchObject({ frozen, unfrozen: total });
      const config = parseConfig({ task: 'mnist', patch_size: 4, model_name: name });
      expect(countParameters(buildModel(config, taskOf(config).shape(config)))).toEqual({ trainable: frozen, total });
    }
    const { countedOn, parameters, positions } = zoo.get('MIT/ast-finetuned-speech-commands-v2');
    const config = parseConfig({ ...countedOn, model_name: 'ast' });
    const { trainable, total } = countParameters(buildModel(config, taskOf(config).shape(config)));
    expect([parameters.body, parameters.frozen, parameters.unfrozen, positions]).toEqual([
      total,
      trainable,
      total,
      146,
    ]);
  });

  it('knows models by their old and new names, and configs may use any', () => {
    expect(zoo.get('openai-community/gpt2').name).toBe('gpt2');
    expect(zoo.get('ai-forever/rugpt3small_based_on_gpt2').name).toBe('sberbank-ai/rugpt3small_based_on_gpt2');
    const config = parseConfig({ task: 'mnist', patch_size: 4, model_name: 'distilbert/distilgpt2' });
    expect(() => buildModel(config, taskOf(config).shape(config), knownBodies(home))).not.toThrow();
    expect(() => zoo.get('gtp2')).toThrow(/no model "gtp2" in the zoo\. Did you mean gpt2\?/);
  });

  it('can be filtered by words, family, language, licence, size and presence', () => {
    const names = (filter: object) => filterModels(zoo.list(), filter).map(({ name }) => name);
    expect(names({ text: 'film REVIEWS' })).toEqual(['lvwerra/gpt2-imdb']);
    expect(names({ family: 'vision transformer' })).toHaveLength(2);
    expect(names({ language: 'russian' })).toHaveLength(1);
    expect(names({ licence: 'none stated', largest: 2e6 })).toEqual([tiny, 'minimaxir/magic-the-gathering']);
    expect(names({ here: true })).toEqual(['permafrost-nano', 'permafrost-nano-bits']);
  });

  it('says what fits in memory', () => {
    const within = (bytes: number, measured: number) => Math.abs(bytes / measured - 1) < 0.1;
    expect(within(zoo.fit('gpt2', 16).bytes, 1.435e9)).toBe(true);
    expect(within(zoo.fit('gpt2', 25, false).bytes, 3.3e9)).toBe(true);
    expect(zoo.fit('gpt2-large', 100_000).fits).toBe('no');
  });
});

describe('pull', () => {
  it('puts a model into the shared cache in its layout, and sends the token only to the hub', async () => {
    const told: number[] = [];
    const model = await zoo.pull(tiny, { onProgress: ({ bytes }) => told.push(bytes) });
    const folder = cache('models--sshleifer--tiny-gpt2');
    expect(readFileSync(join(folder, 'refs', 'main'), 'utf8')).toBe('a'.repeat(40));
    const pointer = join(folder, 'snapshots', 'a'.repeat(40), 'model.safetensors');
    expect(lstatSync(pointer).isSymbolicLink()).toBe(true);
    expect(sha256(readFileSync(pointer))).toBe(sha256(weights));
    expect(readdirSync(join(folder, 'blobs'))).toContain(sha256(weights));
    expect(model).toMatchObject({ state: 'here', path: pointer });
    expect(model.diskBytes).toBeGreaterThan(weights.length);
    expect(told.at(-1)).toBe(weights.length);
    expect(hub.api.requests.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true);
    expect(hub.storage.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    const asked = hub.api.requests.length;
    await zoo.pull(tiny);
    expect(hub.api.requests).toHaveLength(asked); // nothing to do
  });

  it('continues with a range after a pause, and starts over after a cancel', async () => {
    const half = Math.floor(weights.length / 2);
    const stop = new AbortController();
    const stall = () =>
      hub.storage.answer((_, response) => {
        response.writeHead(200, { 'content-length': weights.length });
        response.write(weights.subarray(0, half));
      });
    stall();
    const paused = expect(zoo.pull(tiny, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    while (zoo.get(tiny).diskBytes < half) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await paused;
    expect(zoo.pulls()).toMatchObject([{ name: tiny, state: 'paused' }] satisfies Partial<PullState>[]);
    expect(zoo.get(tiny)).toMatchObject({ state: 'partial' });
    hub.storage.answer(serve(weights));
    await zoo.pull(tiny);
    expect(hub.storage.requests.at(-1)!.range).toBe(`bytes=${half}-`);
    await zoo.rm(tiny);
    stall();
    const pulling = zoo.pull(tiny).catch((error) => error);
    while (zoo.get(tiny).state !== 'partial') await new Promise((resolve) => setTimeout(resolve, 10));
    await zoo.cancel(tiny);
    await pulling;
    expect(zoo.get(tiny).state).toBe('absent');
    expect(zoo.pulls()).toEqual([]);
  });

  it('fetches once if it is requested twice', async () => {
    await Promise.all([zoo.pull(tiny), zoo.pull(tiny)]);
    expect(hub.storage.requests).toHaveLength(1);
  });

  it('fetches a PyTorch file if there is no safetensors file', async () => {
    await zoo.add('me/golden');
    const { path } = await zoo.pull('me/golden');
    expect(path).toMatch(/pytorch_model\.bin$/);
    expect(findWeights(home, 'me/golden', environment)).toBe(path);
  });

  it.each([
    [401, /requires a token\. Set HF_TOKEN/],
    [403, /Accept the terms/],
    [404, /does not exist\. Check the name/],
    [429, /answered 429.*tried 2 times/],
    [500, /answered 500.*tried 2 times/],
  ])('refused with %i says what to do', async (code, message) => {
    hub.api.answer(status(code));
    await expect(zoo.pull(tiny)).rejects.toThrow(message);
    expect(zoo.pulls()).toMatchObject([{ state: 'failed', error: { code: 'network' } }]);
    expect(zoo.get(tiny).state).toBe('absent');
  });

  it('of altered bytes leaves nothing', async () => {
    const altered = Buffer.from(weights);
    altered[altered.length - 1] ^= 1;
    hub.storage.answer(serve(altered));
    await expect(zoo.pull(tiny)).rejects.toThrow(/expected sha256 .* It was deleted here/);
    expect(zoo.get(tiny)).toMatchObject({ state: 'absent', path: null });
  });

  it('of another model’s checkpoint lists the weights that do not fit', async () => {
    hub.repos[tiny].files['model.safetensors'] = checkpoint(tiny, 1, ['h.1.ln_2.bias']);
    await expect(zoo.pull(tiny)).rejects.toThrow(
      /is not a checkpoint of sshleifer\/tiny-gpt2: h\.1\.ln_2\.bias is missing/,
    );
  });

  it('uses the cache when offline, and says what to fetch', async () => {
    const offline = openZoo({ HF_HUB_OFFLINE: '1' });
    await expect(offline.pull(tiny)).rejects.toThrow(/is not in the Hugging Face cache, and HF_HUB_OFFLINE forbids/);
    expect(hub.api.requests).toHaveLength(0);
    await zoo.pull(tiny);
    expect(await offline.pull(tiny)).toMatchObject({ state: 'here' });
    await offline.close();
  });

  it('of an embedded model or a folder has nothing to do', async () => {
    expect(await zoo.pull('permafrost-nano')).toMatchObject({ state: 'here', origin: 'embedded' });
    expect(hub.api.requests).toHaveLength(0);
  });
});

describe('add', () => {
  it('a repository: its config and commit are kept, and configs may use it', async () => {
    const model = await zoo.add('me/golden', { name: 'golden' });
    expect(model).toMatchObject({
      name: 'golden',
      origin: 'added',
      layers: 2,
      width: 8,
      revision: 'b'.repeat(40),
      state: 'absent',
    });
    const again = openZoo();
    expect(again.get('golden')).toEqual(model);
    await again.close();
    expect(knownBodies(home).golden.body.title).toBe('GPT-2');
    await expect(zoo.add('me/golden', { name: 'golden' })).rejects.toThrow(/The zoo already has a model golden/);
  });

  it('a folder is used where it lies', async () => {
    const folder = join(root, 'mine');
    mkdirSync(folder);
    await expect(zoo.add(folder)).rejects.toThrow(/expected one of model\.safetensors, .*; found none/);
    writeFileSync(join(folder, 'pytorch_model.bin'), readFileSync(join(golden, 'f01-zip-fp32-lmhead.bin')));
    await expect(zoo.add(folder)).rejects.toThrow(/config\.json could not be read/);
    writeFileSync(join(folder, 'config.json'), json(goldenConfig));
    expect(await zoo.add(folder)).toMatchObject({
      name: 'mine',
      state: 'here',
      path: join(folder, 'pytorch_model.bin'),
    });
    await zoo.rm('mine');
    expect(() => zoo.get('mine')).toThrow(/no model "mine"/);
    expect(existsSync(join(folder, 'pytorch_model.bin'))).toBe(true);
    expect(await zoo.restore('mine')).toMatchObject({ state: 'here' });
  });

  it.each([
    ['another architecture', { model_type: 'gpt_neo' }, /its architecture is gpt_neo\. Only GPT-2 and ViT checkpoints/],
    ['no architecture', {}, /does not state the architecture \(model_type\)/],
    ['another activation', { ...goldenConfig, activation_function: 'relu' }, /activation_function is relu; supported:/],
    [
      'attention scaled by layer',
      { ...goldenConfig, scale_attn_by_inverse_layer_idx: true },
      /scale_attn_by_inverse_layer_idx is true/,
    ],
    ['heads that do not divide', { ...goldenConfig, n_head: 3 }, /n_embd 8 is not a multiple of n_head 3/],
    ['a size that is no number', { ...goldenConfig, n_layer: '2' }, /n_layer in its config\.json/],
  ])('%s is a clear no', async (_, config, message) => {
    hub.repos['me/neo'].files['config.json'] = json(config);
    await expect(zoo.add('me/neo')).rejects.toThrow(message);
    expect(existsSync(join(home, 'models', 'added.json'))).toBe(false);
  });

  it('a ViT by its config.json', async () => {
    const config = {
      model_type: 'vit',
      hidden_size: 32,
      num_hidden_layers: 3,
      num_attention_heads: 4,
      intermediate_size: 64,
    };
    hub.repos['me/neo'].files['config.json'] = json(config);
    expect(await zoo.add('me/neo')).toMatchObject({ family: 'Vision Transformer', layers: 3, width: 32, heads: 4 });
  });

  it('refuses a source that is neither a folder nor a repository', async () => {
    await expect(zoo.add('no such thing')).rejects.toThrow(/is neither a folder nor a Hugging Face repository/);
  });
});

describe('a checkpoint', () => {
  const rows = Object.entries(bodies[tiny].body.parameters(bodies[tiny].config));
  type Tensors = Record<string, { shape: number[]; data: Float32Array }>;
  const tensors = (part: typeof rows, value = 0.5, prefix = ''): Tensors =>
    Object.fromEntries(
      part.map(([name, shape]) => [
        prefix + name,
        { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) },
      ]),
    );
  const fileOf = (all: Tensors): Buffer => Buffer.concat([...safetensorsChunks(all)]);
  const { n_layer, n_embd, n_head, n_positions, vocab_size } = bodies[tiny].config as Gpt2Config;
  const config = json({ model_type: 'gpt2', n_layer, n_embd, n_head, n_positions, vocab_size });
  /** In two files and an index of them. */
  const sharded = (broken: Partial<Record<string, Buffer>> = {}): Record<string, Buffer> => {
    const parts = [rows.slice(0, 5), rows.slice(5)];
    const names = parts.map((_, i) => `model-0000${i + 1}-of-00002.safetensors`);
    const map = parts.flatMap((part, i) => part.map(([name]) => [name, names[i]]));
    const files = Object.fromEntries(parts.map((part, i) => [names[i], fileOf(tensors(part))]));
    const index = json({ metadata: { total_size: 1 }, weight_map: Object.fromEntries(map) });
    return { 'config.json': config, 'model.safetensors.index.json': index, ...files, ...(broken as object) };
  };
  function lay(files: Record<string, Uint8Array>): string {
    const folder = join(root, 'mine');
    mkdirSync(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    return folder;
  }

  it('of several files is added from a folder and verified, and a missing file is named', async () => {
    const files = sharded();
    const folder = lay(files);
    expect(await zoo.add(folder, { name: 'mine' })).toMatchObject({
      state: 'here',
      path: join(folder, 'model.safetensors.index.json'),
    });
    const { 'config.json': _, ...own } = files;
    const bytes = Object.values(own).reduce((sum, { length }) => sum + length, 0);
    expect(await zoo.verify('mine')).toMatchObject({
      bytes,
      sha256: sha256(Buffer.concat(Object.values(own))),
      problems: [],
    });
    rmSync(join(folder, 'model-00002-of-00002.safetensors'));
    await expect(zoo.verify('mine')).rejects.toThrow(/model-00002-of-00002\.safetensors/);
    await expect(zoo.add(folder, { name: 'again' })).rejects.toThrow(
      /model-00002-of-00002\.safetensors could not be read/,
    );
  });

  it.each([
    ['leads out of its folder', { weight_map: { a: '../evil' } }, /is not a checkpoint index: weight_map\.a/],
    ['names nothing', { weight_map: {} }, /it names no array/],
    [
      'names what a file lacks',
      { weight_map: { b: 'model-00001-of-00002.safetensors' } },
      /expected b in .*which has none/,
    ],
  ])('whose index %s is refused', async (_, index, message) => {
    await expect(zoo.add(lay(sharded({ 'model.safetensors.index.json': json(index) })))).rejects.toThrow(message);
  });

  it('of several files is pulled from a repository, and is absent until all of them are here', async () => {
    const files = sharded();
    hub.repos['me/neo'].files = files;
    await zoo.add('me/neo');
    const told: { bytes: number; total: number | null }[] = [];
    expect(await zoo.pull('me/neo', { onProgress: (progress) => told.push(progress) })).toMatchObject({
      state: 'here',
    });
    const total = files['model-00001-of-00002.safetensors'].length + files['model-00002-of-00002.safetensors'].length;
    expect(told.at(-1)).toMatchObject({ bytes: total, total });
    expect((await zoo.verify('me/neo')).problems).toEqual([]);
    const { path } = zoo.get('me/neo');
    rmSync(join(path!, '..', 'model-00002-of-00002.safetensors'));
    expect(findWeights(home, 'me/neo', environment)).toBeNull();
    await zoo.pull('me/neo');
    expect(zoo.get('me/neo').state).toBe('here');
  });

  it('that does not fit its config is not added, and the error says what the file has', async () => {
    const folder = lay({ 'config.json': config, 'model.safetensors': fileOf(tensors(rows, 0.5, 'gpt.')) });
    await expect(zoo.add(folder)).rejects.toMatchObject({
      code: 'weights',
      message: expect.stringMatching(
        /wpe\.weight is missing; .*\. It has gpt\.wte\.weight F32 \[50257,2\], .*and \d+ more\./,
      ),
    });
    expect(existsSync(join(home, 'models', 'added.json'))).toBe(false);
  });

  it.each([
    ['NaN', Number.NaN, /ln_f\.weight has NaN/],
    ['an infinite value', Number.NEGATIVE_INFINITY, /ln_f\.weight has an infinite value/],
  ])('with %s is found by verify', async (_, value, problem) => {
    const all = tensors(rows, 0.5, '_orig_mod.transformer.');
    all['_orig_mod.transformer.ln_f.weight'].data[1] = value;
    await zoo.add(lay({ 'config.json': config, 'model.safetensors': fileOf(all) }), { name: 'mine' });
    expect((await zoo.verify('mine')).problems).toEqual([expect.stringMatching(problem)]);
  });

  it('may have arrays of unknown types that no parameter needs', async () => {
    const file = fileOf({ scale: { shape: [1], data: new Float32Array(1) }, ...tensors(rows) });
    const at = file.indexOf('"dtype":"F32"');
    file.write('"dtype":"U32"', at);
    const folder = lay({ 'config.json': config, 'model.safetensors': file });
    expect(await zoo.add(folder)).toMatchObject({ state: 'here' });
    file.write('"dtype":"U32"', file.indexOf('"dtype":"F32"', file.indexOf('"wpe.weight"')));
    lay({ 'model.safetensors': file });
    await expect(zoo.add(folder, { name: 'again' })).rejects.toThrow(/wpe\.weight is U32, expected F32, F16/);
  });
});

describe('remove', () => {
  it('removes a model from the disk, and can be undone until the session ends', async () => {
    await zoo.pull(tiny);
    expect(await zoo.rm(tiny)).toBeGreaterThan(weights.length);
    expect(zoo.get(tiny).state).toBe('absent');
    expect(await zoo.restore(tiny)).toMatchObject({ state: 'here' });
    expect((await zoo.verify(tiny)).problems).toEqual([]);
    await zoo.rm(tiny);
    await zoo.close();
    expect(readdirSync(cache())).toEqual([]);
    await expect(zoo.restore(tiny)).rejects.toThrow(/was not removed in this session/);
  });

  it('of an absent or embedded model is refused', async () => {
    await expect(zoo.rm(tiny)).rejects.toThrow(/no files of sshleifer\/tiny-gpt2 on this machine/);
    await expect(zoo.rm('permafrost-nano')).rejects.toThrow(/is part of Permafrost and cannot be removed/);
  });
});

describe('verify', () => {
  it('hashes the file and compares it with its source and its config', async () => {
    const { path } = await zoo.pull(tiny);
    expect(await zoo.verify(tiny)).toEqual({
      ...{ name: tiny, path, bytes: weights.length, sha256: sha256(weights), expected: sha256(weights), problems: [] },
    });
    const altered = Buffer.from(weights);
    altered[altered.length - 1] ^= 1;
    writeFileSync(path!, altered);
    expect((await zoo.verify(tiny)).problems).toEqual([expect.stringMatching(/^SHA-256 is .*, expected /)]);
    await expect(zoo.verify('gpt2')).rejects.toThrow(/Fetch it: permafrost zoo pull gpt2/);
  });
});

it('the environment variables of Hugging Face decide cache, endpoint, token and network', () => {
  expect(hubSettings({ HF_HOME: '/a' })).toEqual({
    cache: '/a/hub',
    endpoint: 'https://huggingface.co',
    token: undefined,
    offline: false,
  });
  expect(
    hubSettings({ HF_HOME: '/a', HF_HUB_CACHE: '/b', HF_ENDPOINT: 'http://x/', HF_TOKEN: 't', HF_HUB_OFFLINE: 'yes' }),
  ).toEqual({
    ...{ cache: '/b', endpoint: 'http://x', token: 't', offline: true },
  });
  expect(hubSettings({ XDG_CACHE_HOME: '/c' }).cache).toBe('/c/huggingface/hub');
  writeFileSync(join(root, 'token'), 'kept\n');
  expect(hubSettings({ HF_HOME: root }).token).toBe('kept');
});
