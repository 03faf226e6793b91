/** The proof that training does not change frozen weights: their hashes before the first step and afterwards. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const frozenProof = z.object({
  /** Time of the first hash, before any step; milliseconds since 1970. */
  hashedAt: z.number(),
  /** Time and step of the last rest, when they were hashed again; null before. */
  checked: z.object({ at: z.number(), step: z.int() }).nullable(),
  /** `before`: of the values that training began with. `after`: of those that the device read back when it had trained. */
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int()), before: sha256, after: sha256.nullable() })),
});
export type FrozenProof = z.infer<typeof frozenProof>;
export type FrozenTensor = FrozenProof['tensors'][number];

/** Tensors that have changed. */
export const changedTensors = ({ tensors }: FrozenProof): FrozenTensor[] =>
  tensors.filter(({ before, after }) => after !== null && after !== before);

/** The number of values in all tensors. */
export const frozenValues = ({ tensors }: FrozenProof): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
