/**
 * Names of a Vision Transformer's encoder in checkpoints. A frozen pretrained transformer uses no other part of them.
 * Our parameters have the names of the reference: `1.layer.0.attn.query.weight`, `1.encoder_norm.weight`.
 */
import type { StoredAs } from './checkpointNames.ts';

/** Names in the original JAX files (ViT-B_16.npz). Kernels are [in, …, out] and have a separate axis for heads. */
const jax: [stored: string, parameter: string][] = [
  ['LayerNorm_0/scale', 'attention_norm.weight'],
  ['LayerNorm_0/bias', 'attention_norm.bias'],
  ['LayerNorm_2/scale', 'ffn_norm.weight'],
  ['LayerNorm_2/bias', 'ffn_norm.bias'],
  ...['query', 'key', 'value', 'out'].flatMap((part): [string, string][] => [
    [`MultiHeadDotProductAttention_1/${part}/kernel`, `attn.${part}.weight`],
    [`MultiHeadDotProductAttention_1/${part}/bias`, `attn.${part}.bias`],
  ]),
  ...[0, 1].flatMap((i): [string, string][] => [
    [`MlpBlock_3/Dense_${i}/kernel`, `ffn.fc${i + 1}.weight`],
    [`MlpBlock_3/Dense_${i}/bias`, `ffn.fc${i + 1}.bias`],
  ]),
];

/** Names in Hugging Face's ViTModel. Weights are [out, in], like ours. */
const huggingFace: [stored: string, parameter: string][] = [
  ...['query', 'key', 'value'].map((part): [string, string] => [`attention.attention.${part}`, `attn.${part}`]),
  ['attention.output.dense', 'attn.out'],
  ['intermediate.dense', 'ffn.fc1'],
  ['output.dense', 'ffn.fc2'],
  ['layernorm_before', 'attention_norm'],
  ['layernorm_after', 'ffn_norm'],
];

/** Finds the encoder's parameters among the names of a checkpoint. Embeddings, pooler and heads are left out. */
export function vitFromCheckpoint(names: readonly string[]): Map<string, StoredAs> {
  const found = new Map<string, StoredAs>();
  for (const name of names) {
    const row = fromJax(name) ?? fromHuggingFace(name) ?? fromReference(name);
    if (row) found.set(row, { name, ...(name.endsWith('/kernel') ? { transposed: true } : {}) });
  }
  return found;
}

function fromJax(name: string): string | null {
  const norm = /^Transformer\/encoder_norm\/(scale|bias)$/.exec(name)?.[1];
  if (norm) return `1.encoder_norm.${norm === 'scale' ? 'weight' : 'bias'}`;
  const [, block, part] = /^Transformer\/encoderblock_(\d+)\/(.+)$/.exec(name) ?? [];
  const row = jax.find(([stored]) => stored === part);
  return row ? `1.layer.${block}.${row[1]}` : null;
}

function fromHuggingFace(name: string): string | null {
  const norm = /^(?:vit\.)?layernorm\.(weight|bias)$/.exec(name)?.[1];
  if (norm) return `1.encoder_norm.${norm}`;
  const [, block, part, kind] = /^(?:vit\.)?encoder\.layer\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
  const row = huggingFace.find(([stored]) => stored === part);
  return row ? `1.layer.${block}.${row[1]}.${kind}` : null;
}

/** Names in the reference, of a whole VisionTransformer or of a run. */
const fromReference = (name: string): string | null =>
  /^transformer\.(?:encoder|1)\.((?:layer\.\d+\.(?:attention_norm|ffn_norm|ffn\.fc[12]|attn\.(?:query|key|value|out))|encoder_norm)\.(?:weight|bias))$/
    .exec(name)?.[1]
    ?.replace(/^/, '1.') ?? null;
