import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { createRuns } from '#app/createRuns';
import { openMarks } from '#app/marks';
import { parseConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { openStore } from '#store/store';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

it('runs that cannot be queued are not made at all', async () => {
  const app = await createApp({ home });
  writeFileSync(join(home, 'apps'), 'a file where the folder of leases should be');
  const config = parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false });
  await expect(app.runs.create([config, { ...config, seed: 1 }])).rejects.toThrow(
    expect.objectContaining({ code: 'disk' }),
  );
  expect(app.runs.getAll()).toEqual([]);
  expect(readdirSync(join(home, 'runs'))).toEqual([]);
  await app.close();
});

const configs = (count: number) =>
  Array.from({ length: count }, (_, seed) =>
    parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, seed }),
  );

it('an app that makes many runs answers meanwhile', async () => {
  const app = await createApp({ home });
  app.queue.pause();
  let answers = 0;
  const answering = setInterval(() => answers++, 1);
  await app.runs.create(configs(500));
  clearInterval(answering);
  expect(answers).toBeGreaterThan(2);
  await app.close();
});

it('a failure in the middle leaves none of many runs', async () => {
  const store = await openStore(':memory:');
  let calls = 0;
  const appName = () => {
    if (++calls > 400) throw new PermafrostError('disk', 'The disk is full.');
    return 'app';
  };
  const maker = { store, marks: openMarks(store, home), runsFolder: home, check: () => {}, appName };
  await expect(createRuns(maker, (made) => configs(500).slice(made.length), ['many'])).rejects.toThrow('disk is full');
  expect(store.runs.ids()).toEqual([]);
  expect(readdirSync(home)).toEqual([]);
  store.close();
});

it('two requests for the same many configs make each run once', async () => {
  const app = await createApp({ home });
  app.queue.pause();
  const requests = await Promise.all([app.runs.ensure(configs(300), []), app.runs.ensure(configs(300), [])]);
  const [first, second] = requests.map((runs) => runs.map(({ id }) => id));
  expect(second).toEqual(first);
  expect(app.runs.list()).toHaveLength(300);
  await app.close();
});
