import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Frozen } from '#engine/program';
import { readSafetensors, safetensorsChunks, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { buildModel } from '#models/index';
import type { Model } from '#models/model';
import { taskOf } from '#tasks/index';
import { prepareWeights } from '#trainer/weights';
import { knownBodies } from '#zoo/bodies';
import { canLimitFiles, withFileLimit } from '../disk/fileLimit.ts';
import { type Lab, openLab, tiny } from './lab.ts';

let lab: Lab;
let said: string[];
beforeEach(() => {
  lab = openLab();
  said = [];
});
afterEach(() => lab.remove());

function prepareFor(settings: object) {
  const config = parseConfig({ ...tiny, ...settings });
  const model = buildModel(config, taskOf(config).shape(config));
  const weights = () => prepareWeights({ config, model, home: lab.home, log: (text) => said.push(text) });
  return { config, model, weights };
}
const flipped = (bytes: Buffer): Buffer => {
  bytes[bytes.length - 5] ^= 1;
  return bytes;
};
const bodies = () => readdirSync(join(lab.home, 'cache', 'bodies'));
/** The values as the runtime maps them. */
function mapped(folder: string | undefined, { file }: Frozen): Float32Array {
  const bytes = readFileSync(join(folder!, file!.name)).subarray(file!.offset, file!.offset + file!.length);
  return new Float32Array(new Uint8Array(bytes).buffer);
}

describe('a random body', () => {
  it('is in one file: frozen values are mapped, trained ones are in memory, and all depend on the seed', () => {
    const { model, weights } = prepareFor({ seed: 3 });
    const { folder, frozen, trained } = weights();
    const names = Object.keys(model.parameters).filter(model.isUsed);
    expect([...Object.keys(frozen), ...Object.keys(trained)].sort()).toEqual(names.sort());
    for (const [name, value] of Object.entries(frozen)) {
      expect(mapped(folder, value), name).toEqual(model.initialValue(name, 3));
      expect(value.read(), name).toEqual(model.initialValue(name, 3));
    }
    for (const [name, { data }] of Object.entries(trained)) expect(data, name).toEqual(model.initialValue(name, 3));
  });

  it('is written once per body and seed, whatever a run freezes', () => {
    prepareFor({ seed: 1 }).weights();
    const [file] = bodies();
    const { mtimeMs } = statSync(join(lab.home, 'cache', 'bodies', file));
    prepareFor({ seed: 1, freeze_ln: true, freeze_pos: false }).weights();
    expect(bodies()).toEqual([file]);
    expect(statSync(join(lab.home, 'cache', 'bodies', file)).mtimeMs).toBe(mtimeMs);
    prepareFor({ seed: 2 }).weights();
    prepareFor({ seed: 1, n_embd: 32 }).weights();
    expect(bodies()).toHaveLength(3);
    expect(said).toHaveLength(3);
  });

  it('that is trained as a whole needs no file', () => {
    const { folder, frozen, trained } = prepareFor({ freeze_trans: false }).weights();
    expect(folder).toBeUndefined();
    expect(frozen).toEqual({});
    expect(Object.keys(trained)).not.toContain('transformer.wte.weight');
  });

  it('leaves small frozen networks in memory', () => {
    const { model, weights } = prepareFor({ freeze_in: true });
    const { frozen } = weights();
    expect(frozen['in_net.0.weight'].file).toBeUndefined();
    expect(frozen['in_net.0.weight'].read()).toEqual(model.initialValue('in_net.0.weight', 0));
  });

  it.skipIf(!canLimitFiles)('leaves nothing behind on a full disk', () => {
    const { weights } = prepareFor({});
    expect(() => withFileLimit(1000, weights)).toThrow(/could not be written: .*EFBIG.*Raise the limit/);
    expect(bodies()).toEqual([]);
    weights();
    expect(bodies()).toHaveLength(1);
  });

  it.each([
    ['a changed bit', flipped],
    ['a cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 8)],
    ['zeros', (bytes: Buffer) => bytes.fill(0)],
  ])('whose kept file has %s is made again', (_, damage) => {
    const { weights } = prepareFor({});
    weights();
    const path = join(lab.home, 'cache', 'bodies', bodies()[0]);
    const whole = readFileSync(path);
    writeFileSync(path, damage(Buffer.from(whole)));
    weights();
    expect(readFileSync(path).equals(whole)).toBe(true);
  });
});

describe('a pretrained body', () => {
  const pretrained = {
    pretrained: true,
    n_layer: null,
    n_embd: null,
    n_head: null,
    n_positions: null,
    model_name: 'sshleifer/tiny-gpt2',
  };
  const modelPath = () => join(lab.home, 'models', 'sshleifer', 'tiny-gpt2', 'model.safetensors');
  type Tensors = Record<string, { shape: number[]; data: Float32Array }>;

  /** A checkpoint of the model's body with values of another seed; no wte. */
  function tensorsOf(model: Model, prefix: string): Tensors {
    const used = Object.keys(model.parameters).filter((name) => name.startsWith('transformer.') && model.isUsed(name));
    const values = used.map((name) => [
      prefix + name.slice('transformer.'.length),
      { shape: model.parameters[name], data: model.initialValue(name, 77) },
    ]);
    return Object.fromEntries(values);
  }
  function store(tensors: Tensors): void {
    mkdirSync(dirname(modelPath()), { recursive: true });
    writeFileSync(modelPath(), Buffer.concat([...safetensorsChunks(tensors)]));
  }

  it.each([
    ['without', ''],
    ['with', 'transformer.'],
  ])('is mapped from its checkpoint, %s the language-model prefix, and needs no wte', (_, prefix) => {
    const { model, weights } = prepareFor(pretrained);
    store({ ...tensorsOf(model, prefix), 'lm_head.weight': { shape: [1], data: new Float32Array(1) } });
    const { folder, frozen, trained } = weights();
    expect(folder).toBe(dirname(modelPath()));
    for (const [name, value] of Object.entries(frozen))
      expect(mapped(folder, value), name).toEqual(model.initialValue(name, 77));
    expect(trained['transformer.h.0.ln_1.weight'].data).toEqual(model.initialValue('transformer.h.0.ln_1.weight', 77));
    expect(trained['in_net.0.weight'].data).toEqual(model.initialValue('in_net.0.weight', 0));
  });

  it('of several files is copied into one, bit for bit, and again if one of them changes', () => {
    const { model, weights } = prepareFor(pretrained);
    const all = Object.entries(tensorsOf(model, '_orig_mod.transformer.'));
    const folder = dirname(modelPath());
    mkdirSync(folder, { recursive: true });
    const parts = { 'a.safetensors': all.slice(0, 7), 'b.safetensors': all.slice(7) };
    const put = (file: keyof typeof parts) =>
      writeFileSync(join(folder, file), Buffer.concat([...safetensorsChunks(Object.fromEntries(parts[file]))]));
    put('a.safetensors');
    put('b.safetensors');
    const places = Object.entries(parts).flatMap(([file, part]) => part.map(([name]) => [name, file]));
    const index = JSON.stringify({ weight_map: Object.fromEntries(places) });
    writeFileSync(join(folder, 'model.safetensors.index.json'), index);
    const { folder: place, frozen, trained } = weights();
    for (const [name, value] of Object.entries(frozen))
      expect(mapped(place, value), name).toEqual(model.initialValue(name, 77));
    expect(trained['transformer.h.0.ln_1.weight'].data).toEqual(model.initialValue('transformer.h.0.ln_1.weight', 77));
    weights();
    expect(bodies()).toHaveLength(1);
    utimesSync(join(folder, 'b.safetensors'), 1, 1);
    weights();
    expect(bodies()).toHaveLength(2);
  });

  it('that is absent is an error that says where it should be', () => {
    const { weights } = prepareFor(pretrained);
    expect(weights).toThrow(
      `There are no weights of sshleifer/tiny-gpt2 on this machine: neither ${modelPath()} nor the Hugging Face cache has them. Fetch them (permafrost zoo pull sshleifer/tiny-gpt2)`,
    );
  });

  it('of another model is an error that lists weights that do not fit', () => {
    const { model, weights } = prepareFor(pretrained);
    const tensors = tensorsOf(model, '');
    delete tensors['h.1.ln_2.bias'];
    tensors['h.0.ln_1.weight'] = { shape: [4], data: new Float32Array(4) };
    store(tensors);
    expect(weights).toThrow(
      /is not a checkpoint of sshleifer\/tiny-gpt2: h\.1\.ln_2\.bias is missing; h\.0\.ln_1\.weight is \[4\], expected \[2\]\. Put that model's file there/,
    );
    store({ other: { shape: [1], data: new Float32Array(1) } });
    expect(weights).toThrow(/wpe\.weight is missing; .* and 19 more/);
  });

  it('lists weights that the model does not have, and names the command that fetches an absent one', () => {
    const { model, weights } = prepareFor(pretrained);
    store({ ...tensorsOf(model, ''), 'h.2.ln_1.weight': { shape: [2], data: new Float32Array(2) } });
    expect(weights).toThrow(/h\.2\.ln_1\.weight is not a weight of the model/);
    expect(prepareFor({ ...pretrained, model_name: 'gpt2' }).weights).toThrow(/permafrost zoo pull gpt2/);
  });

  it('in half precision is widened into a float32 copy, once', () => {
    const { model, weights } = prepareFor(pretrained);
    store(tensorsOf(model, ''));
    toBfloat16(modelPath());
    const { folder, frozen } = weights();
    expect(folder).toBe(join(lab.home, 'cache', 'bodies'));
    for (const [name, value] of Object.entries(frozen)) {
      const truncated = new Uint32Array(model.initialValue(name, 77).buffer).map((bits) => bits & 0xffff0000);
      expect(mapped(folder, value), name).toEqual(new Float32Array(truncated.buffer));
    }
    weights();
    expect(bodies()).toHaveLength(1);
    expect(said).toHaveLength(1);
  });

  /** Keeps the upper half of every float of a safetensors file: BF16. */
  function toBfloat16(path: string): void {
    const bytes = readFileSync(path);
    const start = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, start));
    for (const entry of Object.values<{ dtype: string; data_offsets: number[] }>(header)) {
      entry.dtype = 'BF16';
      entry.data_offsets = entry.data_offsets.map((offset) => offset / 2);
    }
    const halves = new Uint16Array(new Uint8Array(bytes.subarray(start)).buffer).filter((_, i) => i % 2 === 1);
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    writeFileSync(path, Buffer.concat([length, json, Buffer.from(halves.buffer)]));
  }
});

describe('the embedded body', () => {
  const whole = { n_layer: null, n_embd: null, n_head: null, n_positions: null };
  const nano = { ...whole, pretrained: true, model_name: 'permafrost-nano' };
  type Moments = { mean: number; deviation: number };
  const momentsOf = (values: Float32Array): Moments => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(squares / values.length) };
  };
  function valuesOf(settings: object): Map<string, Float32Array> {
    const { model, weights } = prepareFor({ ...nano, ...settings });
    const { frozen, trained } = weights();
    const names = Object.keys(model.parameters).filter((name) => model.isLoaded(name) && model.isUsed(name));
    return new Map(names.map((name) => [name, (trained[name]?.data ?? frozen[name].read()) as Float32Array]));
  }

  it('reduced to its statistics has other weights, from the seed, with the mean and deviation of each tensor', () => {
    const original = valuesOf({});
    const drawn = valuesOf({ statistics_only: true });
    expect([...drawn.keys()]).toEqual([...original.keys()]);
    for (const [name, values] of drawn) {
      const [ours, theirs] = [values, original.get(name)!].map(momentsOf);
      const error = theirs.deviation / Math.sqrt(values.length);
      expect(values, name).not.toEqual(original.get(name));
      expect(Math.abs(ours.mean - theirs.mean), name).toBeLessThan(4.5 * error);
      expect(Math.abs(ours.deviation - theirs.deviation), name).toBeLessThan(4.5 * error);
    }
    for (const [name, values] of valuesOf({ statistics_only: true }))
      expect(Buffer.from(values.buffer).equals(Buffer.from(drawn.get(name)!.buffer)), name).toBe(true);
    const name = 'transformer.h.0.mlp.c_fc.weight';
    expect(valuesOf({ statistics_only: true, seed: 1 }).get(name)).not.toEqual(drawn.get(name));
    expect(bodies().filter((file) => file.startsWith('permafrost-nano@'))).toHaveLength(3); // one a seed, and the float32 copy
  });

  it('reduced to its statistics uses the same draws as the random body of the seed, so that only the statistics differ', () => {
    const name = 'transformer.h.3.attn.c_attn.weight';
    const [drawn, random] = [valuesOf({ statistics_only: true }), valuesOf({ pretrained: false })].map(
      (values) => values.get(name)!,
    );
    const { mean, deviation } = momentsOf(valuesOf({}).get(name)!);
    const standard = Float32Array.from(random, (value) => mean + (deviation / 0.05) * value);
    for (const [i, value] of drawn.entries()) expect(Math.abs(value - standard[i])).toBeLessThan(1e-5);
  });

  it('cut to its first blocks keeps their weights and the final norm', () => {
    const [all, cut] = [valuesOf({}), valuesOf({ n_layer: 2 })];
    const kept = [...all.keys()].filter((name) => !/\.h\.[23]\./.test(name));
    expect([...cut.keys()]).toEqual(kept);
    for (const name of kept) expect(cut.get(name), name).toEqual(all.get(name));
  });
});

describe('a PyTorch file of an added model', () => {
  const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
  const index = JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8'));
  const files: string[] = index.good.map(({ file }: { file: string }) => file);
  const added = {
    ...tiny,
    pretrained: true,
    n_layer: null,
    n_embd: null,
    n_head: null,
    n_positions: null,
    model_name: 'me/golden',
  };
  const place = () => join(lab.home, 'models', 'me', 'golden', 'pytorch_model.bin');

  function prepareAdded(file: string) {
    mkdirSync(dirname(place()), { recursive: true });
    const source = { kind: 'folder', folder: dirname(place()) };
    writeFileSync(
      join(lab.home, 'models', 'added.json'),
      JSON.stringify([{ name: 'me/golden', source, config: { model_type: 'gpt2', ...index.config } }]),
    );
    writeFileSync(place(), readFileSync(join(golden, file)));
    const config = parseConfig(added);
    const model = buildModel(config, taskOf(config).shape(config), knownBodies(lab.home));
    return { model, weights: () => prepareWeights({ config, model, home: lab.home, log: (text) => said.push(text) }) };
  }

  it.each(files)('%s trains with the parameters of its .safetensors twin, bit for bit', (file) => {
    const { model, weights } = prepareAdded(file);
    const { folder, frozen, trained } = weights();
    const source = bytesSource(readFileSync(join(golden, file.replace(/\.\w+$/, '.safetensors'))));
    const { tensors } = readSafetensors(source);
    const stored = model.fromCheckpoint([...tensors.keys()]);
    const names = Object.keys(model.parameters).filter((n) => n.startsWith('transformer.') && model.isUsed(n));
    for (const name of names) {
      const value = frozen[name] ? mapped(folder, frozen[name]) : trained[name].data;
      expect(value, name).toEqual(tensorData(source, tensors.get(stored.get(name)!.name)!));
    }
    weights();
    expect(said).toEqual(['Writing the weights of me/golden as float32 safetensors, once.']);
  });

  it.each(['x01-evil-zip.bin', 'x04-truncated-legacy.bin', 'x13-bit-flip-crc.bin'])(
    '%s leaves nothing behind',
    (file) => {
      const { weights } = prepareAdded(file);
      expect(weights).toThrow(/pytorch_model\.bin: The (PyTorch file|pickle|zip archive) is invalid/);
      const cache = join(lab.home, 'cache', 'bodies');
      expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
    },
  );
});

it('an .npz of an added Vision Transformer trains with what the reference loads from it, bit for bit', () => {
  const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
  const folder = join(lab.home, 'models', 'me', 'vit');
  mkdirSync(folder, { recursive: true });
  const sizes = { hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 12 };
  const entry = { name: 'me/vit', source: { kind: 'folder', folder }, config: { model_type: 'vit', ...sizes } };
  writeFileSync(join(lab.home, 'models', 'added.json'), JSON.stringify([entry]));
  writeFileSync(join(folder, 'vit.npz'), readFileSync(join(golden, 'v02-vit-jax-deflate.npz')));
  const whole = { n_layer: null, n_embd: null, n_head: null, n_positions: null };
  const config = parseConfig({ ...tiny, ...whole, pretrained: true, model_name: 'me/vit' });
  const model = buildModel(config, taskOf(config).shape(config), knownBodies(lab.home));
  const { folder: place, frozen, trained } = prepareWeights({ config, model, home: lab.home, log: () => {} });
  const source = bytesSource(readFileSync(join(golden, 'v01-vit-jax.safetensors')));
  const { tensors } = readSafetensors(source);
  const names = Object.keys(model.parameters).filter(model.isLoaded);
  expect(names).toHaveLength(34);
  for (const name of names) {
    const value = frozen[name] ? mapped(place, frozen[name]) : trained[name].data;
    const expected = tensors.get(name.replace('transformer.1.', 'transformer.encoder.'))!;
    expect(value, name).toEqual(tensorData(source, expected));
  }
});
