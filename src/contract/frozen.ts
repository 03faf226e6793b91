/** The proof that a run leaves its frozen weights alone: their hashes before its first step, and again afterwards. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const frozenProof = z.object({
  /** When they were hashed first, before any step; milliseconds since 1970. */
  hashedAt: z.number(),
  /** When the run came to rest last, after how many steps; null while it never has. */
  checked: z.object({ at: z.number(), step: z.int() }).nullable(),
  /** `before`: of the values that training began with. `after`: of those that the device read back when it had trained. */
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int()), before: sha256, after: sha256.nullable() })),
});
export type FrozenProof = z.infer<typeof frozenProof>;
export type FrozenTensor = FrozenProof['tensors'][number];

/** Tensors that are not what they were. */
export const changedTensors = ({ tensors }: FrozenProof): FrozenTensor[] =>
  tensors.filter(({ before, after }) => after !== null && after !== before);

/** How many values the tensors hold together. */
export const frozenValues = ({ tensors }: FrozenProof): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
