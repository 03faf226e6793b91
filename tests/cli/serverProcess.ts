/**
 * `node serverProcess.ts HOME TOKEN`: an app and its server as `serve` runs them, over a page of one line. Tells its parent
 * the port; exits on SIGTERM and on any uncaught error.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '#app';
import { startServer } from '#cli/server';

const [home, token] = process.argv.slice(2);
const root = join(home, 'page');
mkdirSync(root, { recursive: true });
writeFileSync(join(root, 'index.html'), '<!doctype html>');
const services = await createApp({ home });
services.queue.pause();
await services.rebuild();
const server = await startServer({ services, root, port: 0, token });
process.once('SIGTERM', async () => {
  await server.close();
  await services.close();
  process.exit(0);
});
process.once('disconnect', () => process.exit());
process.send!({ port: Number(new URL(server.url).port) });
