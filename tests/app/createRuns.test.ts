import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

it('runs that cannot be queued are not made at all', async () => {
  const app = await createApp({ home });
  writeFileSync(join(home, 'apps'), 'a file where the folder of leases should be');
  const config = parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false });
  expect(() => app.runs.create([config, { ...config, seed: 1 }])).toThrow(expect.objectContaining({ code: 'disk' }));
  expect(app.runs.getAll()).toEqual([]);
  expect(readdirSync(join(home, 'runs'))).toEqual([]);
  await app.close();
});
