/** Finds the state that a step may overwrite while it runs. Such state needs one buffer instead of two. */
import { reachable } from './fuse.ts';
import { nodeOf, type Value } from './graph.ts';

/** Operators that compute element i from the elements i of their operands alone. */
const elementwise = new Set(['Add', 'Sub', 'Mul', 'Div']);

/**
 * Names of the state whose old value is no longer needed while the new one is written: every node that reads the old value
 * either runs before the node that makes the new one, or is that node and works element by element.
 * `outputs` are those of a trace: new state is the output `next/<name>`, old state the input `state/<name>`.
 */
export function writableInPlace(outputs: ReadonlyMap<string, Value>, changed: readonly string[]): string[] {
  const readers = new Map<string, Set<object>>();
  for (const node of reachable([...outputs.values()])) {
    for (const { source } of node.inputs) {
      if (source.kind !== 'input') continue;
      if (!readers.has(source.name)) readers.set(source.name, new Set());
      readers.get(source.name)!.add(node);
    }
  }
  const asOutputs = new Set([...outputs.values()].map(({ source }) => (source.kind === 'input' ? source.name : null)));
  return changed.filter((name) => {
    const input = `state/${name}`;
    const value = outputs.get(`next/${name}`)!;
    const maker = nodeOf(value);
    if (!maker || asOutputs.has(input)) return false;
    const before = new Set<object>(reachable([value]));
    for (const reader of readers.get(input) ?? []) if (!before.has(reader)) return false;
    return elementwise.has(maker.op) || !readers.get(input)?.has(maker);
  });
}
