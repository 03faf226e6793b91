import { expect, it } from 'vitest';
import { brokenBorders, circles, repeatedNames, roomsWithoutRuntime, unlistedRooms } from './rules.ts';
import { readSource } from './sources.ts';

const rooms = {
  contract: { rooms: [], packages: ['zod'] },
  store: { rooms: ['contract'], packages: ['@scope/database'] },
};
const borders = (path: string, text: string) => brokenBorders([readSource(path, text)], rooms, ['store']);

it.each([
  ['its own files', 'src/store/a.ts', "import { b } from './inner/b.ts';"],
  ['a room of its row', 'src/store/a.ts', "import type { Run } from '#contract/run';"],
  ['a package of its row by a path inside', 'src/store/a.ts', "import x from '@scope/database/lib';"],
  ['node: where it is compiled for Node', 'src/store/a.ts', "import { join } from 'node:path';"],
  ['the resources', 'src/store/a.ts', "import rows from '../../resources/rows.json' with { type: 'json' };"],
])('lets a room import %s', (_, path, text) => expect(borders(path, text)).toEqual([]));

it.each([
  ['another room by a path', 'src/store/a.ts', "import { x } from '../contract/x.ts';", 'leaves the room'],
  ['a room that its row lacks', 'src/contract/a.ts', "export { x } from '#store/x';", 'may not import store'],
  ['a package that its row lacks', 'src/store/a.ts', "const x = import('zod');", 'may not import the package zod'],
  ['node: in a pure room', 'src/contract/a.ts', "import 'node:fs';", 'may not import node:fs'],
  ['anything from a room without a row', 'src/attic/a.ts', "import { z } from 'zod';", 'no room "attic"'],
])('complains of a room that imports %s', (_, path, text, complaint) =>
  expect(borders(path, text)).toEqual([expect.stringContaining(complaint)]),
);

it('finds import circles across rooms and through types, and nothing else', () => {
  const sources = [
    readSource('src/a/one.ts', "import type { Two } from '#b/two';"),
    readSource('src/b/two.ts', "import {\n  three,\n} from './three.tsx';"),
    readSource('src/b/three.tsx', "import { one } from '#a/one';\nimport { four } from './four.ts';"),
    readSource('src/b/four.ts', "import { z } from 'zod';"),
    readSource('tests/b/five.ts', "import { two } from '#b/two';"),
  ];
  expect(circles(sources)).toEqual(['these files import each other: src/a/one.ts, src/b/three.tsx, src/b/two.ts']);
});

it('finds a name that two files export, but ignores overloads and re-exports', () => {
  const sources = [
    readSource('src/a/one.ts', 'export function judge(a: 1): 1;\nexport function judge(a: number) {}'),
    readSource('src/a/two.ts', 'export { judge } from "./one.ts";\nexport const open = 1;'),
    readSource('src/b/three.ts', 'export async function* open() {}'),
  ];
  expect(repeatedNames(sources)).toEqual(['open is exported by src/a/two.ts and src/b/three.ts; rename all but one']);
});

it('requires every room to be compiled for one runtime', () => {
  expect(roomsWithoutRuntime(rooms, { pure: ['contract'], node: ['store'] })).toEqual([]);
  expect(roomsWithoutRuntime(rooms, { pure: ['contract'], node: ['contract'] })).toEqual([
    'src/contract must be included by one of tsconfig.pure.json, tsconfig.node.json',
    'src/store must be included by one of tsconfig.pure.json, tsconfig.node.json',
  ]);
});

it('requires every room in the list of each document', () => {
  const readme = 'Files\nsrc/contract/  schemas\n';
  expect(unlistedRooms(rooms, 'README.md', readme, (room) => `\nsrc/${room}/`)).toEqual([
    expect.stringContaining('the room store is missing'),
  ]);
});
