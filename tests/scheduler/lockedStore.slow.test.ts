/** A store that another process locks for a long time, like a backup or a database tool. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import type { Services } from '#contract/services';

const config = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ batch_size: 8, gpu_batch_size: 8, num_iters: 100, steps_per_iter: 5, test_steps_per_iter: 16 },
  ...{ final_test_samples: 64, early_stop: null, device: 'cpu' },
});

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

it('a command waits for a store that refuses its next run, even without a running run', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'refusedProcess.ts'), home], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

describe('a store that is locked for a long time', () => {
  it('does not stall a training app: it answers, reports the error, and catches up', async () => {
    const [id] = await app.runs.create([config]);
    while (app.runs.get(id).step === 0) await sleep(20);
    const other = new Sqlite(join(home, 'permafrost.db'));
    other.exec('BEGIN IMMEDIATE');
    const stalls = monitorEventLoopDelay({ resolution: 5 });
    stalls.enable();
    await sleep(3000);
    stalls.disable();
    expect(stalls.max / 1e6).toBeLessThan(500); // ms
    expect(app.queue.get().trouble).toMatch(/Another process is writing to the database\. Try again/);
    other.exec('ROLLBACK');
    other.close();
    await app.queue.whenIdle();
    expect(app.queue.get().trouble).toBeNull();
    expect(app.runs.get(id)).toMatchObject({ state: 'finished', step: 500 });
    expect(app.runs.series(id, 'train_loss')).toHaveLength(500);
  });

  it("refuses a user's change after two seconds and leaves nothing half done", async () => {
    const [id] = await app.runs.create([{ ...config, num_iters: 1 }]);
    await app.queue.whenIdle();
    const other = new Sqlite(join(home, 'permafrost.db'));
    other.exec('BEGIN IMMEDIATE');
    const busy = expect.objectContaining({
      code: 'store',
      message: expect.stringMatching(/Another process is writing/),
    });
    const start = performance.now();
    expect(() => app.runs.tag(id, ['late'])).toThrow(busy);
    expect(performance.now() - start).toBeGreaterThan(1500);
    await expect(app.runs.create([config])).rejects.toThrow(busy);
    other.exec('ROLLBACK');
    other.close();
    expect(app.runs.getAll()).toHaveLength(1);
    expect(app.runs.get(id).tags).toEqual([]);
  });
});
