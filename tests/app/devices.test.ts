import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '#app';
import { deviceServices } from '#app/devices';
import { parseConfig } from '#contract/config';

it('twenty open device pages query the machine once a second, not twenty times', async () => {
  const stop = new AbortController();
  const pages = Array.from({ length: 20 }, () => deviceServices(tmpdir()).live(stop.signal));
  for (let second = 0; second < 2; second++) {
    const loads = await Promise.all(pages.map((page) => page.next()));
    expect(new Set(loads.map(({ value }) => value)).size).toBe(1);
  }
  stop.abort();
});

it('the CUDA libraries are not removed while a run waits for them', async () => {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-devices-'));
  const app = await createApp({ home });
  try {
    app.queue.pause();
    const [id] = await app.runs.create([
      parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, device: 'cuda' }),
    ]);
    await expect(app.devices.cuda.remove()).rejects.toMatchObject({
      code: 'conflict',
      message: `Device cuda is needed by a running or queued run: ${id}. Stop it first, or wait.`,
    });
    app.runs.stop(id);
    expect(await app.devices.cuda.remove()).toBe(0);
  } finally {
    await app.close();
    rmSync(home, { recursive: true });
  }
});
