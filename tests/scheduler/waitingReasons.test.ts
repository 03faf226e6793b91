/** What a cluster says of many runs at once. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { writeRunConfig } from '#runFolder/config';
import type { TrainerListener } from '#scheduler/launch';
import { createScheduler } from '#scheduler/scheduler';
import { openStore } from '#store/store';
import { tiny } from '../trainer/lab.ts';

it('reasons for waiting that come together are stored together, so ten thousand do not block the store for seconds', async () => {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  const store = await openStore(join(home, 'permafrost.db'));
  const listeners: TrainerListener[] = [];
  const launch = (_: unknown, listener: TrainerListener) => {
    listeners.push(listener);
    const end = () => listener.onEnd('released', true);
    return { send: end, kill: end, release: () => {} };
  };
  const scheduler = createScheduler({ store, home, slots: 1, launchers: { local: launch, slurm: launch } });
  const ids = ['a', 'b', 'c'];
  for (const id of ids) {
    const run = { id, config: parseConfig(tiny), createdAt: 0 };
    mkdirSync(join(home, 'runs', id), { recursive: true });
    writeRunConfig(join(home, 'runs', id), run);
    store.runs.add(run, 'queued', scheduler.appName(), 'slurm');
  }
  scheduler.startQueued(ids);
  await expect.poll(() => listeners.length).toBe(ids.length);
  const told = new Promise((resolve) => {
    scheduler.subscribe(() => resolve(ids.map((id) => store.runs.get(id).reason?.message)));
  });
  for (const listener of listeners) listener.onWaiting('Priority');
  expect(await told).toEqual(['Priority', 'Priority', 'Priority']);
  await scheduler.close();
  store.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});
