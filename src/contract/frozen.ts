/** The proof that training does not change frozen weights: their hashes before and after training. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const frozenProof = z.object({
  /** When the weights were hashed before the first step, in milliseconds since 1970. */
  hashedAt: z.number(),
  /** When, and at which step, they were last hashed again: whenever the run pauses, stops or finishes. Null before that. */
  checked: z.object({ at: z.number(), step: z.int() }).nullable(),
  /** `before` is the hash of the initial values, `after` of the values read back from the device after training. */
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int()), before: sha256, after: sha256.nullable() })),
});
export type FrozenProof = z.infer<typeof frozenProof>;
export type FrozenTensor = FrozenProof['tensors'][number];

/** The tensors that have changed. */
export const changedTensors = ({ tensors }: FrozenProof): FrozenTensor[] =>
  tensors.filter(({ before, after }) => after !== null && after !== before);

/** The number of values in all tensors. */
export const frozenValues = ({ tensors }: FrozenProof): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
