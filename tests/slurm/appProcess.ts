/** An app that trains configs on the cluster until it is killed: `node appProcess.ts HOME SETTINGS CONFIGS`. */
import { createApp } from '#app';

const [home, settings, configs] = process.argv.slice(2);
const app = await createApp({ home });
app.cluster.save(JSON.parse(settings));
app.runs.create(JSON.parse(configs), [], 'slurm');
await app.queue.whenIdle();
