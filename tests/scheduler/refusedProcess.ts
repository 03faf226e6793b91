/** An app whose store is locked until a second after its only run should start. Usage: node refusedProcess.ts HOME */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';

const [home] = process.argv.slice(2);
const trainer = join(home, 'trainer.mjs');
writeFileSync(trainer, 'process.exit(7);');
const app = await createApp({ home, trainer });
app.queue.pause();
const [id] = await app.runs.create([parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false })]);
const other = new Sqlite(join(home, 'permafrost.db'));
other.exec('BEGIN IMMEDIATE');
setTimeout(() => other.exec('ROLLBACK'), 1000).unref(); // keeps no process up
app.queue.resume();
await app.queue.whenIdle();
if (app.runs.get(id).state !== 'crashed') process.exitCode = 1;
await app.close();
