/** Runs of an app on another machine, which is known only by its heartbeat. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import type { Services } from '#contract/services';
import { leaseText } from '#disk/heartbeat';
import { runFiles } from '#runFolder/paths';
import { openStore } from '#store/store';
import { elsewhere } from '../disk/elsewhere.ts';

let home: string;
let app: Services;
let beats: ReturnType<typeof setInterval> | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(async () => {
  clearInterval(beats);
  await app.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});

/** A run that an app elsewhere trains, or has in its queue. */
async function runElsewhere(state: 'running' | 'queued'): Promise<string> {
  app = await createApp({ home });
  app.queue.pause();
  const [id] = await app.runs.create([parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false })]);
  await app.close();
  const store = await openStore(join(home, 'permafrost.db'));
  store.runs.enqueue(id, 'theirs');
  if (state === 'running') store.runs.claim(id);
  store.close();
  mkdirSync(join(home, 'apps'), { recursive: true });
  const leases = [
    join(home, 'apps', 'theirs.json'),
    ...(state === 'running' ? [runFiles(join(home, 'runs', id)).lease] : []),
  ];
  let count = 0;
  const beat = () => {
    for (const path of leases) writeFileSync(path, leaseText('theirs', elsewhere, count));
    count++;
  };
  beat();
  beats = setInterval(beat, 500);
  app = await createApp({ home });
  return id;
}

it.each(['running', 'queued'] as const)(
  'resuming a %s run of a live app on another machine is refused after watching it',
  async (state) => {
    const id = await runElsewhere(state);
    expect(app.runs.resume(id).state).toBe(state);
    await app.queue.whenIdle();
    expect(app.queue.get()).toMatchObject({ running: [], queued: [] });
    expect(() => app.runs.resume(id)).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message: `${id} is already ${state} in another Permafrost (process 1 on elsewhere).`,
      }),
    );
  },
);

it('a run that another app took over while this app slept is not changed when its trainer here exits', async () => {
  const trainer = join(home, 'trainer.mjs');
  writeFileSync(trainer, "process.on('SIGTERM', () => {}); setTimeout(() => process.exit(2), 1000);");
  app = await createApp({ home, trainer });
  const [id] = await app.runs.create([parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false })]);
  const store = await openStore(join(home, 'permafrost.db'));
  store.runs.enqueue(id, 'theirs');
  store.runs.claim(id);
  store.close();
  mkdirSync(join(home, 'apps'), { recursive: true });
  writeFileSync(join(home, 'apps', 'theirs.json'), leaseText('theirs', elsewhere, 0));
  await app.queue.whenIdle();
  expect(app.runs.get(id)).toMatchObject({ state: 'running', reason: null });
});
