/** Runs of other apps on the same home. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import type { Services } from '#contract/services';
import { leaseText } from '#disk/heartbeat';
import { openStore } from '#store/store';
import { elsewhere } from '../disk/elsewhere.ts';
import { tiny } from '../trainer/lab.ts';

let home: string;
let app: Services;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  app = await createApp({ home });
});
afterEach(async () => {
  await app.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});

it('an app whose awaited run was paused by its owner and resumed here is idle once that run ends', async () => {
  const owner = await createApp({ home });
  owner.queue.pause();
  const [id] = await owner.runs.create([parseConfig(tiny)]);
  app.runs.complete([id]); // waits for the owner
  owner.runs.pause(id);
  app.runs.resume(id); // before the app looks at the owner's runs again
  await app.queue.whenIdle();
  expect(app.runs.get(id).state).toBe('finished');
  await owner.close();
}, 30_000);

it('an awaited run whose owner died while the store was locked continues here afterwards', async () => {
  const lease = join(home, 'apps', 'theirs.json');
  mkdirSync(join(home, 'apps'), { recursive: true });
  writeFileSync(lease, leaseText('theirs', elsewhere, 0));
  app.queue.pause();
  const [id] = await app.runs.create([parseConfig(tiny)]);
  await app.close();
  const store = await openStore(join(home, 'permafrost.db'));
  store.runs.enqueue(id, 'theirs');
  store.close();
  app = await createApp({ home });
  app.runs.complete([id]);
  const other = new Sqlite(join(home, 'permafrost.db'));
  other.exec('BEGIN IMMEDIATE');
  rmSync(lease);
  await sleep(3000); // the app looks every second
  other.exec('ROLLBACK');
  other.close();
  await app.queue.whenIdle();
  expect(app.runs.get(id).state).toBe('finished');
}, 30_000);
