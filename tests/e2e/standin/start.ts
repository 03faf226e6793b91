/** `node start.ts`: runs the built main process on the stand-in. Tells its parent where the browser is, and evaluates what it is sent. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as electron from './electron.ts';

const standin = pathToFileURL(join(import.meta.dirname, 'electron.ts')).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: standin, format: 'module-typescript', shortCircuit: true } : next(name, context),
});

process.on('message', async ({ id, code, argument }: { id: number; code: string; argument: unknown }) => {
  const call = new Function(`return (${code})`)() as (module: typeof electron, argument: unknown) => unknown;
  process.send!({ id, value: await call(electron, argument) });
});
process.on('disconnect', () => electron.app.exit(1));

Object.assign(process, { resourcesPath: import.meta.dirname }); // Electron's own folder, which holds no Node before it is packed

/** The window's page exists, so the test finds it. */
const opened = new Promise((resolve) => electron.app.once('web-contents-created', resolve));
await import(pathToFileURL(join(import.meta.dirname, '..', '..', '..', 'out', 'main', 'index.js')).href);
const endpoint = await electron.begin();
await opened;
process.send!({ endpoint });
