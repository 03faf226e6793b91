/** The rules of the structure. Each takes what it judges and returns its complaints, a line each. */
import { posix } from 'node:path';
import type { Room } from './rooms.ts';
import { importedPath, type SourceFile } from './sources.ts';

type Rooms = Record<string, Room>;

const roomOf = (path: string): string => path.split('/')[1].replace(/\.ts$/, '');
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

/** A room imports only the rooms and packages of its row, and leaves itself only as `#room/file`. */
export function brokenBorders(sources: SourceFile[], rooms: Rooms, nodeRooms: string[]): string[] {
  const complaint = (path: string, specifier: string): string | null => {
    const room = roomOf(path);
    const row = rooms[room];
    if (!row) return `there is no room "${room}" in tests/structure/rooms.ts`;
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(path), specifier);
      const isInside = target.startsWith('src/') && roomOf(target) === room;
      return isInside || (!target.startsWith('src/') && target.endsWith('.json'))
        ? null
        : `${specifier} leaves the room; write #room/file`;
    }
    if (specifier.startsWith('#')) {
      const target = specifier.slice(1).split('/')[0];
      return row.rooms.includes(target) ? null : `${room} may not import ${target}`;
    }
    if (specifier.startsWith('node:'))
      return nodeRooms.includes(room) ? null : `${room} is not in tsconfig.node.json and may not import ${specifier}`;
    return row.packages.includes(packageOf(specifier))
      ? null
      : `${room} may not import the package ${packageOf(specifier)}`;
  };
  return sources.flatMap(({ path, imports }) =>
    imports.flatMap((specifier) => {
      const problem = complaint(path, specifier);
      return problem ? [`${path}: ${problem}`] : [];
    }),
  );
}

/** Every room is compiled for one runtime. */
export function roomsWithoutRuntime(rooms: Rooms, runtimes: Record<string, string[]>): string[] {
  const files = Object.keys(runtimes).map((runtime) => `tsconfig.${runtime}.json`);
  return Object.keys(rooms)
    .filter((room) => Object.values(runtimes).filter((included) => included.includes(room)).length !== 1)
    .map((room) => `src/${room} must be included by one of ${files.join(', ')}`);
}

/** No file imports itself through others, types included. Each complaint lists the files of one circle. */
export function circles(sources: SourceFile[]): string[] {
  const imports = new Map(
    sources.map((source) => [source.path, source.imports.flatMap((name) => importedPath(source, name) ?? [])]),
  );
  const order = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  /** Tarjan's algorithm: returns the earliest open file that `path` reaches; one that reaches none earlier closes a circle. */
  const visit = (path: string): number => {
    const place = order.size;
    order.set(path, place);
    open.push(path);
    let earliest = place;
    for (const next of imports.get(path)!) {
      if (!imports.has(next)) continue;
      if (!order.has(next)) earliest = Math.min(earliest, visit(next));
      else if (open.includes(next)) earliest = Math.min(earliest, order.get(next)!);
    }
    if (earliest === place) found.push(open.splice(open.indexOf(path)));
    return earliest;
  };
  for (const { path } of sources) if (!order.has(path)) visit(path);
  return found
    .filter((files) => files.length > 1)
    .map((files) => `these files import each other: ${files.sort().join(', ')}`);
}

/** An exported name stands in one file, so that a search finds one thing. */
export function repeatedNames(sources: SourceFile[]): string[] {
  const places = new Map<string, string[]>();
  for (const { path, exports } of sources)
    for (const name of exports) places.set(name, [...(places.get(name) ?? []), path]);
  return [...places]
    .filter(([, files]) => files.length > 1)
    .map(([name, files]) => `${name} is exported by ${files.join(' and ')}; rename all but one`);
}

/** A document with a list of rooms names every one. `entry` is the text with which the entry of a room begins. */
export function unlistedRooms(rooms: Rooms, document: string, text: string, entry: (room: string) => string): string[] {
  return Object.keys(rooms)
    .filter((room) => !text.includes(entry(room)))
    .map((room) => `${document}: the room ${room} is missing; add "${entry(room)}…"`);
}
