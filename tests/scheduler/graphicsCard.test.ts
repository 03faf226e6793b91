/** One run at a time on a graphics card. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { graphicsCardOf } from '#scheduler/graphicsCard';

it.each([
  ['webgpu', 0],
  ['webgpu:2', 2],
  ['webgpu:1 (NVIDIA H100, driver 550)', 1],
  ['webgpu (ONNX Runtime)', 0],
  ['cuda', 0],
  ['cuda (ONNX Runtime)', 0],
  ['cpu (ONNX Runtime, 2 threads)', null],
  ['auto', null],
  ['tensorflow', null],
])('device %s computes on card %s', (device, card) => {
  expect(graphicsCardOf(device)).toBe(card);
});

it('a run waits for its graphics card while those behind it start elsewhere, and starts when the card is free', async () => {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  const trainer = join(home, 'trainer.mjs');
  writeFileSync(
    trainer,
    "process.on('message', ({ kind }) => kind === 'stop' && process.exit(0)); setInterval(() => {}, 1000);",
  );
  const app = await createApp({ home, trainer, slots: 4 });
  try {
    const small = { task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false };
    const devices = ['webgpu', 'webgpu', 'webgpu:1', 'cpu'];
    const ids = await app.runs.create(devices.map((device, seed) => parseConfig({ ...small, device, seed })));
    const running = () => app.queue.get().running;
    await expect.poll(running).toEqual([ids[0], ids[2], ids[3]]);
    expect(app.queue.get().queued).toEqual([ids[1]]);
    app.runs.stop(ids[0]);
    await expect.poll(running, { timeout: 20_000 }).toEqual([ids[2], ids[3], ids[1]]);
    for (const id of ids) app.runs.stop(id);
    await app.queue.whenIdle();
  } finally {
    await app.close();
    rmSync(home, { recursive: true, maxRetries: 5 });
  }
});
