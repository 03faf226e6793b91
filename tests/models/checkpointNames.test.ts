/** Names of checkpoints against what the reference's own loaders made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float32Values, transposed } from '#formats/array';
import { readModelCheckpoint } from '#formats/modelCheckpoint';
import { bytesSource } from '#formats/source';
import { sameNames } from '#models/checkpointNames';
import { gpt2 } from '#models/gpt2';
import { vit } from '#models/vit';
import { vitFromCheckpoint } from '#models/vitCheckpoint';

const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
const index = JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8'));
const open = (file: string) => readModelCheckpoint(bytesSource(readFileSync(join(golden, file))), file).arrays;

describe('GPT-2', () => {
  type Row = { file: string; gpt2_parameter_map?: Record<string, string> };
  const rows: [string, Record<string, string>][] = index.good.flatMap(({ file, gpt2_parameter_map: map }: Row) =>
    map ? [[file, map]] : [],
  );
  it.each(rows)('%s: names are mapped like from_pretrained maps them', (file, map) => {
    const found = [...gpt2.fromCheckpoint([...open(file).keys()])].map(([parameter, { name }]) => [name, parameter]);
    expect(Object.fromEntries(found)).toEqual(map);
  });

  it('the model of a dl-project run is found beside its optimizer', () => {
    const found = gpt2.fromCheckpoint([...open('f14-dlproject-run.pt').keys()]);
    expect(found.get('h.1.mlp.c_fc.weight')).toEqual({ name: 'model.transformer.h.1.mlp.c_fc.weight' });
    expect(found.size).toBe(28);
  });

  it.each([
    ['torch.compile', '_orig_mod.transformer.'],
    ['DataParallel of a bare body', 'module.'],
    ['Lightning of a bare body', 'model.'],
    ['all three', 'model.module._orig_mod.transformer.'],
    ['torch.compile within DataParallel', 'module._orig_mod.'],
    ['dl-project', 'model.transformer.'],
  ])('names as %s has them', (_, wrapper) => {
    const bare = ['wpe.weight', 'h.0.attn.c_attn.bias', 'ln_f.weight'];
    const others = ['lm_head.weight', 'optimizer.state', `${wrapper}h.0.attn.masked_bias`];
    const found = gpt2.fromCheckpoint([...others, ...bare.map((name) => wrapper + name)]);
    expect([...found]).toEqual(bare.map((name) => [name, { name: wrapper + name }]));
  });

  it('layers that torch.compile has wrapped one by one are found', () => {
    const found = gpt2.fromCheckpoint(['transformer.h.0._orig_mod.ln_1.weight', 'transformer.ln_f.weight']);
    expect([...found.keys()]).toEqual(['h.0.ln_1.weight', 'ln_f.weight']);
  });

  it('of a network and its moving average, only the larger one is used', () => {
    const found = gpt2.fromCheckpoint(['module.h.0.ln_1.weight', 'model.h.0.ln_1.weight', 'model.h.0.ln_1.bias']);
    expect([...found.values()].map(({ name }) => name)).toEqual(['model.h.0.ln_1.weight', 'model.h.0.ln_1.bias']);
  });

  it('old names of gains and biases are found, and heads beside a bare body are ignored', () => {
    const found = gpt2.fromCheckpoint([
      'ln_f.gamma',
      'ln_f.beta',
      'h.0.attn.c_attn.bias',
      'h.0.attn.bias',
      'lm_head.weight',
    ]);
    expect([...found.keys()]).toEqual(['ln_f.weight', 'ln_f.bias', 'h.0.attn.c_attn.bias']);
  });
});

it('wrapped names of a network with our names are found', () => {
  expect([...sameNames(['module.a.weight', 'module._orig_mod.b.weight'])]).toEqual([
    ['a.weight', { name: 'module.a.weight' }],
    ['b.weight', { name: 'module._orig_mod.b.weight' }],
  ]);
});

describe('ViT', () => {
  it('the encoder of the original .npz equals what the reference loads from it', () => {
    const [stored, expected] = [open('v01-vit-jax.npz'), open('v01-vit-jax.safetensors')];
    const found = vitFromCheckpoint([...stored.keys()]);
    const encoder = [...expected.keys()].filter((name) => name.startsWith('transformer.encoder.'));
    expect([...found.keys()].sort()).toEqual(encoder.map((name) => name.replace('transformer.encoder.', '1.')).sort());
    for (const name of encoder) {
      const parameter = expected.get(name)!;
      const as = found.get(name.replace('transformer.encoder.', '1.'))!;
      const array = stored.get(as.name)!;
      const values = as.transposed ? transposed(array, parameter.shape[1]) : array;
      expect(float32Values(values), name).toEqual(float32Values(parameter));
    }
  });

  it('Hugging Face names are found, with and without the prefix', () => {
    expect([...vit.fromCheckpoint(['module.vit.layernorm.weight'])]).toEqual([
      ['1.encoder_norm.weight', { name: 'module.vit.layernorm.weight' }],
    ]);
    const found = vitFromCheckpoint([
      'vit.encoder.layer.3.attention.attention.query.weight',
      'encoder.layer.0.output.dense.bias',
      'layernorm.weight',
      'pooler.dense.weight',
      'embeddings.cls_token',
    ]);
    expect([...found.keys()]).toEqual([
      '1.layer.3.attn.query.weight',
      '1.layer.0.ffn.fc2.bias',
      '1.encoder_norm.weight',
    ]);
  });
});
