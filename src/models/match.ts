/** Whether a checkpoint fits a body: every weight by name and shape, none missing, none in excess. */
import type { StoredAs } from './checkpointNames.ts';
import type { Shapes } from './model.ts';

interface Match {
  /** Where the checkpoint has the body's parameters. */
  found: Map<string, StoredAs>;
  /** One per weight that does not fit; empty for a checkpoint that fits. */
  problems: string[];
}

const floats: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

/**
 * Compares the arrays of a checkpoint with the body's shapes. Parameters that are not `needed` may be missing, since nothing
 * computes with them.
 */
export function matchCheckpoint(
  arrays: ReadonlyMap<string, { dtype: string; shape: readonly number[] }>,
  found: Map<string, StoredAs>,
  shapes: Shapes,
  needed: readonly string[],
): Match {
  const problems: string[] = [];
  for (const name of needed) if (!found.has(name)) problems.push(`${name} is missing`);
  for (const [name, stored] of found) {
    const { dtype, shape } = arrays.get(stored.name)!;
    const expected = shapes[name];
    if (!expected) problems.push(`${name} is not a weight of the model`);
    else if (!fits(shape, expected, stored.transposed)) problems.push(`${name} is [${shape}], expected [${expected}]`);
    else if (!floats.includes(dtype)) problems.push(`${name} is ${dtype}, expected ${floats.join(', ')}`);
  }
  return { found, problems };
}

/** A transposed matrix may have axes of its own for heads, and its bias too: only the sizes are compared. */
function fits(shape: readonly number[], expected: readonly number[], transposed = false): boolean {
  const size = (all: readonly number[]) => all.reduce((a, b) => a * b, 1);
  return transposed || expected.length === 1 ? size(shape) === size(expected) : String(shape) === String(expected);
}

const listed = 8;
/** The problems in one sentence, the first few by name. */
export const listProblems = (problems: readonly string[]): string => {
  const rest = problems.length > listed ? ` and ${problems.length - listed} more` : '';
  return `${problems.slice(0, listed).join('; ')}${rest}`;
};
