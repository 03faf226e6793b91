/** Reads a model's config.json as a body that Permafrost supports. */
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { gpt2 } from '#models/gpt2';
import type { BodyRow } from '#models/index';
import { type VitConfig, vit, vitConfigs } from '#models/vit';

const size = z.int().min(1).max(1e7);
const rate = z.number().min(0).max(1);

/** Keys that change what GPT-2 computes, and the values that are supported. */
const gpt2Fixed: Record<string, readonly unknown[]> = {
  activation_function: ['gelu_new', 'gelu_pytorch_tanh', 'gelu_fast'],
  scale_attn_weights: [true],
  scale_attn_by_inverse_layer_idx: [false],
  add_cross_attention: [false],
};
const vitFixed: Record<string, readonly unknown[]> = { hidden_act: ['gelu'], qkv_bias: [true] };

const gpt2Keys = z.object({
  n_layer: size,
  n_embd: size,
  n_head: size,
  n_positions: size,
  vocab_size: size,
  n_inner: size.nullable().default(null),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  embd_pdrop: rate.default(0.1),
  attn_pdrop: rate.default(0.1),
  resid_pdrop: rate.default(0.1),
});
const vitKeys = z.object({
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
});

const readers: Record<string, (json: Record<string, unknown>, name: string) => BodyRow> = {
  gpt2: (json, name) => {
    const config = read(gpt2Keys, json, gpt2Fixed, name);
    if (config.n_embd % config.n_head !== 0)
      throw refused(name, `n_embd ${config.n_embd} is not a multiple of n_head ${config.n_head}`);
    return { body: gpt2, config };
  },
  vit: (json, name) => {
    const keys = read(vitKeys, json, vitFixed, name);
    const config: VitConfig = {
      ...vitConfigs['ViT-B_16'], // dropout and longest sequence are those of the reference, not of the checkpoint
      num_layers: keys.num_hidden_layers,
      hidden_size: keys.hidden_size,
      num_heads: keys.num_attention_heads,
      mlp_dim: keys.intermediate_size,
    };
    return { body: vit, config };
  },
};

const refused = (name: string, why: string): PermafrostError =>
  new PermafrostError('config', `${name} cannot be added: ${why}. Only GPT-2 and ViT checkpoints can be bodies.`);

/** The body that a config.json describes. Throws `config` with the reason if it is not supported. */
export function readArchitecture(json: unknown, name: string): BodyRow {
  if (!json || typeof json !== 'object' || Array.isArray(json)) throw refused(name, 'its config.json is not an object');
  const config = json as Record<string, unknown>;
  const type = String(config.model_type ?? 'unknown');
  if (!Object.hasOwn(readers, type))
    throw refused(
      name,
      type === 'unknown'
        ? 'its config.json does not state the architecture (model_type)'
        : `its architecture is ${type}`,
    );
  return readers[type](config, name);
}

function read<T extends z.ZodType>(
  schema: T,
  json: Record<string, unknown>,
  fixed: Record<string, readonly unknown[]>,
  name: string,
): z.infer<T> {
  for (const [key, values] of Object.entries(fixed)) {
    const value = json[key] ?? values[0];
    if (!values.includes(value)) throw refused(name, `its ${key} is ${value}; supported: ${values.join(', ')}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw refused(name, `${path.join('.')} in its config.json: ${message}`);
}
