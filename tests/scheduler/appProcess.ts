/** An app in a separate process, to be killed: resumes a run and exits when the run ends. Usage: node appProcess.ts HOME ID */
import { createApp } from '#app';

const [home, id] = process.argv.slice(2);
const app = await createApp({ home });
app.runs.resume(id);
await app.queue.whenIdle();
await app.close();
