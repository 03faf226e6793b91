/** Commands that meet each other, or the leftovers of a killed one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { leaseText } from '#disk/heartbeat';
import { thisProcess } from '#disk/processes';
import { writeRunConfig } from '#runFolder/config';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { openStore } from '#store/store';
import { whyNoProcFolder } from '../disk/procFolder.ts';
import { tiny } from '../trainer/lab.ts';
import { type Command, closePlace, openPlace, type Place, processesOf, start } from './place.ts';
import { leftovers, runFolders } from './rules.ts';

let place: Place;
beforeEach(() => {
  place = openPlace();
});
afterEach(() => closePlace(place));

const sweep = (changes: object, ...options: string[]): Command => {
  const settings = Object.entries({ ...tiny, ...changes }).flatMap(([field, value]) => ['--set', `${field}=${value}`]);
  return [
    'permafrost',
    'sweep',
    ...settings.map((each) => each.replace(/=null$/, '=none')),
    '--seeds',
    '1',
    ...options,
  ];
};
const sessionsOf = (folder: string) =>
  [...readEntries(runFiles(folder).journal, { kinds: ['started', 'ended'] })].map(({ body }) =>
    body.kind === 'started' ? body.step : body.kind === 'ended' && body.state,
  );
const until = async (holds: () => boolean) => {
  const end = Date.now() + 60_000;
  for (; !holds(); await sleep(20)) if (Date.now() > end) throw new Error('it did not happen in time');
};

it.skipIf(whyNoProcFolder)('two identical sweeps at once give each config one run and both end with 0', async () => {
  const command = sweep({ num_iters: 10, steps_per_iter: 30 }, '--grid', 'learning_rate=0.01,0.02');
  const both = await Promise.all([start(place, command).ended, start(place, command).ended]);
  expect(both.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0]);
  expect(runFolders(place).map(sessionsOf)).toEqual([
    [0, 'finished'],
    [0, 'finished'],
  ]);
  expect(leftovers(place)).toEqual([]);
});

it.skipIf(whyNoProcFolder)(
  'a command repeated right after a kill waits for the old trainer and continues',
  async () => {
    const command = sweep({ num_iters: 30, steps_per_iter: 30 });
    const first = start(place, command);
    await until(() =>
      runFolders(place).some(
        (folder) => [...readEntries(runFiles(folder).journal, { kinds: ['checkpoint'] })].length > 2,
      ),
    );
    const [trainer] = processesOf(place).filter((pid) => pid !== first.child.pid);
    process.kill(trainer, 'SIGSTOP'); // as long as a step of a large body
    first.child.kill('SIGKILL');
    const again = start(place, command);
    await sleep(3000);
    expect(runFolders(place).map(sessionsOf)).toEqual([[0]]);
    process.kill(trainer, 'SIGCONT');
    expect(await again.ended).toMatchObject({ code: 0 });
    expect(runFolders(place).map(sessionsOf)).toEqual([[0, 'paused', expect.any(Number), 'finished']]);
    expect(leftovers(place)).toEqual([]);
  },
);

it.skipIf(whyNoProcFolder)(
  'a container restarted with the same PID takes over its queued and its running runs',
  async () => {
    const { home } = place;
    const before = leaseText('before', { ...thisProcess, start: '1' }, 0); // our PID, another process
    const [app, config] = ['6c1c8f7e-0000-4000-8000-000000000000', parseConfig(tiny)];
    mkdirSync(join(home, 'apps'), { recursive: true });
    writeFileSync(join(home, 'apps', `${app}.json`), before);
    const store = await openStore(join(home, 'permafrost.db'));
    for (const [seed, id] of ['bit-xor-aaaaaa', 'bit-xor-bbbbbb', 'bit-xor-cccccc'].entries()) {
      const run = { id, createdAt: seed, config: { ...config, seed } };
      mkdirSync(join(home, 'runs', id), { recursive: true });
      writeRunConfig(join(home, 'runs', id), run);
      store.runs.add(run, 'paused');
      store.runs.enqueue(id, app);
    }
    store.runs.claim('bit-xor-aaaaaa');
    writeFileSync(runFiles(join(home, 'runs', 'bit-xor-aaaaaa')).lease, before);
    store.close();
    const next = await createApp({ home, slots: 2 });
    next.queue.adoptOrphans();
    await next.queue.whenIdle();
    expect(next.runs.getAll().map(({ state }) => state)).toEqual(['finished', 'finished', 'finished']);
    await next.close();
    expect(leftovers(place)).toEqual([]);
  },
);
