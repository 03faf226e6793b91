/** An app in a process of its own that serves its router until a signal, as `serve` does. Usage: node serving.ts HOME SLOTS TOKEN */
import { createApp } from '#app';
import { startServer } from '#cli/server';

const [home, slots, token] = process.argv.slice(2);
const services = await createApp({ home, slots: Number(slots) });
const server = await startServer({ services, root: home, port: 0, token });
services.queue.adoptOrphans();
console.log(new URL(server.url).port);
await new Promise((resolve) => process.once('SIGTERM', resolve));
await server.close();
await services.close();
