/** Checks that a checkpoint fits a body: it has every weight in the right shape, and no others. */
import type { StoredAs } from './checkpointNames.ts';
import type { Shapes } from './model.ts';

interface Match {
  /** The names of the body's parameters in the checkpoint. */
  found: Map<string, StoredAs>;
  /** One text per weight that does not fit; empty if the checkpoint fits. */
  problems: string[];
}

const floats: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

/**
 * Compares the arrays of a checkpoint with the body's shapes. Parameters outside `needed` may be missing, since the model does
 * not compute with them.
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

/** Compares only the number of values for transposed matrices and biases, which may have a separate axis for heads. */
function fits(shape: readonly number[], expected: readonly number[], transposed = false): boolean {
  const size = (all: readonly number[]) => all.reduce((a, b) => a * b, 1);
  return transposed || expected.length === 1 ? size(shape) === size(expected) : String(shape) === String(expected);
}

const listed = 8;
/** The problems as one line: the first few, and the number of the others. */
export const listProblems = (problems: readonly string[]): string => {
  const rest = problems.length > listed ? ` and ${problems.length - listed} more` : '';
  return `${problems.slice(0, listed).join('; ')}${rest}`;
};
