/** Names of checkpoints against what the reference's own loaders made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float32Values, transposed } from '#formats/array';
import { readCheckpoint } from '#formats/checkpoint';
import { bytesSource } from '#formats/source';
import { gpt2 } from '#models/gpt2';
import { vitFromCheckpoint } from '#models/vitCheckpoint';

const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
const index = JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8'));
const open = (file: string) => readCheckpoint(bytesSource(readFileSync(join(golden, file))), file).arrays;

describe('GPT-2', () => {
  type Row = { file: string; gpt2_parameter_map?: Record<string, string> };
  const rows: [string, Record<string, string>][] = index.good.flatMap(({ file, gpt2_parameter_map: map }: Row) =>
    map ? [[file, map]] : [],
  );
  it.each(rows)('%s: names are mapped as from_pretrained maps them', (file, map) => {
    const found = [...gpt2.fromCheckpoint([...open(file).keys()])].map(([parameter, { name }]) => [name, parameter]);
    expect(Object.fromEntries(found)).toEqual(map);
  });

  it('the model of a dl-project run is found beside its optimizer', () => {
    const found = gpt2.fromCheckpoint([...open('f14-dlproject-run.pt').keys()]);
    expect(found.get('h.1.mlp.c_fc.weight')).toEqual({ name: 'model.transformer.h.1.mlp.c_fc.weight' });
    expect(found.size).toBe(28);
  });

  it('old names of gains and biases, and heads beside a bare body', () => {
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

  it('Hugging Face names are known, with and without the prefix', () => {
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
