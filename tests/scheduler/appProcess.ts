/** An app in a process of its own, to be killed: resumes a run and stays until it rests. Usage: node appProcess.ts HOME ID */
import { createApp } from '#app';

const [home, id] = process.argv.slice(2);
const app = await createApp({ home });
app.runs.resume(id);
await app.queue.whenIdle();
await app.close();
