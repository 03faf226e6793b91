/** The desktop bundles: main and preload for Electron, the renderer for any browser. */
import { dirname, relative, resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

const [source, mainFolder] = [resolve('src'), resolve('out/main')];

/** Trainers and probes are run from their sources: a module that has become part of the bundle still means its own folder. */
const ownFolders: Plugin = {
  name: 'own-folders',
  transform(code, id) {
    if (!id.startsWith(source) || !code.includes('import.meta.dirname')) return null;
    const folder = JSON.stringify(`/${relative(mainFolder, dirname(id)).replaceAll('\\', '/')}`);
    return code.replaceAll('import.meta.dirname', `(import.meta.dirname + ${folder})`);
  },
};

export default defineConfig({
  main: {
    plugins: [ownFolders],
    build: {
      rollupOptions: {
        input: { index: resolve('src/main/index.ts') },
        output: { codeSplitting: false },
        external: ['webgpu'], // optional, so electron-vite does not leave it out by itself
      },
    },
  },
  // a sandboxed preload must be CommonJS
  preload: {
    build: {
      rollupOptions: {
        input: resolve('src/preload/index.ts'),
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react()],
    build: { minify: true, rollupOptions: { input: { index: resolve('src/renderer/index.html') } } },
  },
});
