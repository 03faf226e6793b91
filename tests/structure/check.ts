/** Checks the structure of the project; part of `npm run check`. Prints every violation and exits with 1. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rooms } from './rooms.ts';
import { brokenBorders, circles, repeatedNames, roomsWithoutRuntime, unlistedRooms } from './rules.ts';
import { readSources } from './sources.ts';

const root = join(import.meta.dirname, '../..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const roomsOf = (runtime: string): string[] =>
  (JSON.parse(text(`tsconfig.${runtime}.json`)) as { include: string[] }).include.map((path) =>
    path.replace(/^src\//, ''),
  );

const runtimes = { pure: roomsOf('pure'), node: roomsOf('node'), web: roomsOf('web') };
const source = readSources(root, 'src');
const all = [...source, ...readSources(root, 'bench'), ...readSources(root, 'tests')];
const complaints = [
  ...brokenBorders(source, rooms, runtimes.node),
  ...roomsWithoutRuntime(rooms, runtimes),
  ...circles(all),
  ...repeatedNames(source),
  ...unlistedRooms(rooms, 'README.md', text('README.md'), (room) => `\nsrc/${room}/`),
  ...unlistedRooms(rooms, 'docs/architecture.md', text('docs/architecture.md'), (room) => `\n| \`${room}/\` |`),
];
for (const complaint of complaints) console.error(complaint);
console.log(`${all.length} files, ${complaints.length} broken rules`);
process.exitCode = complaints.length > 0 ? 1 : 0;
