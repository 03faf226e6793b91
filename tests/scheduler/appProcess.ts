/**
 * An app in a process of its own, to be killed: creates the run in argv (JSON config), or resumes the one named, and stays
 * until it rests. Usage: node appProcess.ts HOME create CONFIG | HOME resume ID
 */
import { createApp } from '#app';
import { parseConfig } from '#contract/config';

const [home, verb, what] = process.argv.slice(2);
const app = await createApp({ home });
const run = verb === 'create' ? app.create(parseConfig(JSON.parse(what))) : app.resume(what);
process.stdout.write(`${run.id}\n`);
await app.idle();
await app.close();
