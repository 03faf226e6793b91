/** The order of the kernels of a step, and which state may be written over. */
import { nodeOf, type Value } from '../graph.ts';
import { type Group, type Grouping, reads } from './groups.ts';

export interface Ordering {
  /** A group, or several whose kernels run at once. */
  order: Group[][];
  /** New state that takes the place of the old one, by name. */
  inPlace: Set<string>;
  /** What each group loads from memory. */
  loads: Map<Group, Set<Value>>;
}

/**
 * Orders groups as the program does, as far as their operands allow. `newState` names the new value of a state; the old one
 * is the input `state/<name>`. `batchKey` tells which groups can run at once: those with the same key; null: alone.
 */
export function orderGroups(
  { groups, stored }: Grouping,
  newState: ReadonlyMap<string, Value>,
  batchKey: (group: Group, inPlace: ReadonlySet<string>) => string | null,
): Ordering {
  const owner = new Map(groups.flatMap((group) => group.roots.map((v) => [v, group] as const)));
  const loads = new Map<Group, Set<Value>>();
  const moved = new Map<Group, Set<Value>>(); // read elsewhere than at the index that is written
  const before = new Map<Group, Set<Group>>(groups.map((group) => [group, new Set()]));
  for (const group of groups) {
    const own = new Set(group.roots);
    const all = group.roots.flatMap((root) => reads(root, (v) => stored.has(v) && !own.has(v)));
    loads.set(group, new Set(all.map(({ value }) => value)));
    moved.set(group, new Set(all.filter(({ access }) => access !== 'same').map(({ value }) => value)));
    for (const v of loads.get(group)!) if (nodeOf(v)) before.get(group)!.add(owner.get(v)!);
  }

  const comesAfter = (group: Group, other: Group, seen = new Set<Group>()): boolean => {
    if (group === other) return true;
    if (seen.has(group)) return false;
    seen.add(group);
    return [...before.get(group)!].some((each) => comesAfter(each, other, seen));
  };
  const inPlace = new Set<string>();
  for (const [name, v] of newState) {
    const writer = owner.get(v)!;
    const isOld = ({ source }: Value) => source.kind === 'input' && source.name === `state/${name}`;
    const readers = groups.filter((group) => [...loads.get(group)!].some(isOld));
    if ([...moved.get(writer)!].some(isOld)) continue;
    const others = readers.filter((group) => group !== writer);
    if (others.some((group) => comesAfter(group, writer))) continue;
    for (const group of others) before.get(writer)!.add(group);
    inPlace.add(name);
  }

  const after = new Map<Group, Group[]>(groups.map((group) => [group, []]));
  const waiting = new Map<Group, number>();
  for (const [group, earlier] of before) {
    waiting.set(group, earlier.size);
    for (const each of earlier) after.get(each)!.push(group);
  }
  const place = (group: Group) => group.roots.at(-1)!.id;
  const ready = groups.filter((group) => waiting.get(group) === 0);
  const order: Group[][] = [];
  while (ready.length > 0) {
    const next = ready.reduce((a, b) => (place(b) < place(a) ? b : a));
    const key = batchKey(next, inPlace);
    const batch = key === null ? [next] : ready.filter((group) => group === next || batchKey(group, inPlace) === key);
    for (const group of batch) ready.splice(ready.indexOf(group), 1);
    order.push(batch);
    for (const later of batch.flatMap((group) => after.get(group)!)) {
      waiting.set(later, waiting.get(later)! - 1);
      if (waiting.get(later) === 0) ready.push(later);
    }
  }
  return { order, inPlace, loads };
}
