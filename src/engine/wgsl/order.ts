/** Decides the order of the kernels of a step, and which state may be overwritten. */
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
 * Orders groups like the program, as far as their operands allow. `newState` has the new values of state; the old value is the
 * input `state/<name>`. Groups with the same `batchKey` can run at once; those with null cannot.
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

  const after = new Map<Group, Set<Group>>(groups.map((group) => [group, new Set()]));
  for (const [group, earlier] of before) for (const each of earlier) after.get(each)!.add(group);
  const followers = (group: Group): Set<Group> => {
    const found = new Set([group]);
    for (const each of found) for (const later of after.get(each)!) found.add(later);
    return found;
  };
  const readers = new Map<string, Group[]>();
  for (const [group, values] of loads) {
    for (const { source } of values)
      if (source.kind === 'input') readers.set(source.name, [...(readers.get(source.name) ?? []), group]);
  }
  const inPlace = new Set<string>();
  for (const [name, v] of newState) {
    const writer = owner.get(v)!;
    const old = `state/${name}`;
    if ([...moved.get(writer)!].some(({ source }) => source.kind === 'input' && source.name === old)) continue;
    const others = (readers.get(old) ?? []).filter((group) => group !== writer);
    const later = others.length > 0 ? followers(writer) : null;
    if (others.some((group) => later!.has(group))) continue;
    for (const group of others) {
      before.get(writer)!.add(group);
      after.get(group)!.add(writer);
    }
    inPlace.add(name);
  }

  const waiting = new Map([...before].map(([group, earlier]) => [group, earlier.size]));
  const keys = new Map<Group, string | null>();
  const keyOf = (group: Group) => {
    if (!keys.has(group)) keys.set(group, batchKey(group, inPlace));
    return keys.get(group)!;
  };
  const place = (group: Group) => group.roots.at(-1)!.id;
  const ready = groups.filter((group) => waiting.get(group) === 0);
  const order: Group[][] = [];
  while (ready.length > 0) {
    const next = ready.reduce((a, b) => (place(b) < place(a) ? b : a));
    const key = keyOf(next);
    const batch = key === null ? [next] : ready.filter((group) => group === next || keyOf(group) === key);
    for (const group of batch) ready.splice(ready.indexOf(group), 1);
    order.push(batch);
    for (const later of batch.flatMap((group) => [...after.get(group)!])) {
      waiting.set(later, waiting.get(later)! - 1);
      if (waiting.get(later) === 0) ready.push(later);
    }
  }
  return { order, inPlace, loads };
}
