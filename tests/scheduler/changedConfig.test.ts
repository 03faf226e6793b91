import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { runFiles } from '#runFolder/paths';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

it('a run whose config.json was edited while paused is refused, naming the field, and continues when the edit is undone', async () => {
  const trainer = join(home, 'trainer.mjs');
  writeFileSync(trainer, 'process.exit(7);');
  const app = await createApp({ home, trainer });
  const [id] = await app.runs.create([parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false })]);
  await app.queue.whenIdle();
  const path = runFiles(join(home, 'runs', id)).config;
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/"learning_rate": [\d.e-]+/, '"learning_rate": 0.5'));
  app.runs.resume(id);
  await app.queue.whenIdle();
  expect(app.runs.get(id)).toMatchObject({
    state: 'failed',
    reason: {
      code: 'config',
      message: expect.stringMatching(/learning_rate was changed in .*config\.json.*Undo the change/),
    },
  });
  writeFileSync(path, text);
  app.runs.resume(id);
  await app.queue.whenIdle();
  expect(app.runs.get(id).reason!.message).toMatch(/exit code 7/); // the trainer was begun
  await app.close();
});
