/** Databases with damaged bytes. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Services } from '#contract/services';
import { openLease } from '#disk/lease';
import { openStore } from '#store/store';

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  path = join(home, 'permafrost.db');
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

const config = parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false });

async function withApp<T>(use: (app: Services) => T | Promise<T>, options = {}): Promise<T> {
  const app = await createApp({ home, ...options });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** The parts of a run that must survive although it never began. */
const marksOf = (app: Services, ids: readonly string[]) =>
  new Map(
    app.runs
      .list(ids)
      .map(({ id, createdAt, settings, tags, note, archived, trashedAt }) => [
        id,
        { createdAt, settings, tags, note, archived, trashedAt },
      ]),
  );

/** 30 runs with marks of a user. */
const fillHome = () =>
  withApp(async (app) => {
    app.queue.pause();
    const ids = await app.runs.create(Array.from({ length: 30 }, (_, seed) => ({ ...config, seed })));
    for (const id of ids) app.runs.pause(id);
    app.runs.tag(ids[0], ['kept', 'two']);
    app.runs.note(ids[1], 'a note');
    app.runs.archive([ids[2]], true);
    app.runs.trash([ids[3]]);
    return marksOf(app, ids);
  });

const write = (bytes: Uint8Array, at: number) => {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
};

const damages: Record<string, () => void> = {
  'zeros in its header': () => write(Buffer.alloc(100), 0),
  'zeros in its pages': () => {
    for (let at = 4096; at < statSync(path).size; at += 4096) write(Buffer.alloc(2048), at);
  },
  'half of its bytes': () => truncateSync(path, statSync(path).size / 2),
  'a text in its place': () => writeFileSync(path, 'not a database, but long enough to look like one\n'.repeat(100)),
  'a folder in its place': () => {
    rmSync(path);
    mkdirSync(path);
  },
  'a changed byte in the name of a column': () => {
    const bytes = readFileSync(path);
    write(Buffer.from('X'), bytes.indexOf('trashed_at REAL'));
  },
  'a changed byte in the row of a run': () => {
    const bytes = readFileSync(path);
    for (let at = bytes.indexOf('{"name":'); at >= 0; at = bytes.indexOf('{"name":', at + 1))
      write(Buffer.from('['), at);
  },
};

describe.each(Object.entries(damages))('a store with %s', (_, damage) => {
  it('names rebuild as the remedy, which restores all runs with their tags, notes, archive and trash marks', async () => {
    const rows = await fillHome();
    damage();
    const named = expect.objectContaining({ code: 'store', message: expect.stringMatching(/permafrost rebuild/) });
    for (const options of [{}, { reads: true }]) {
      await expect(withApp((app) => [app.runs.getAll(), app.runs.list()], options)).rejects.toEqual(named);
    }
    const found = await withApp((app) => app.rebuild(), { repairs: true });
    expect(found).toMatchObject({
      added: 30,
      unreadable: [],
      damaged: [],
      setAside: expect.stringContaining('.damaged-'),
    });
    expect(readdirSync(home).join()).toContain('permafrost.db.damaged-');
    expect(await withApp((app) => marksOf(app, [...rows.keys()]))).toEqual(rows);
  });
});

it.skipIf(process.platform === 'win32')(
  'a home that is a link to itself is reported as one, not as a bug',
  async () => {
    const loop = join(home, 'loop');
    symlinkSync(loop, loop);
    await expect(openStore(join(loop, 'permafrost.db'), { reads: true })).rejects.toMatchObject({
      code: 'store',
      message: expect.stringMatching(/The run store .*loop.permafrost\.db: ELOOP/),
    });
  },
);

it('a damaged store that another app has open is not set aside', async () => {
  await fillHome();
  damages['a text in its place']();
  const lease = openLease(join(home, 'apps', 'other.json'));
  const refused = withApp((app) => app.rebuild(), { repairs: true });
  await expect(refused).rejects.toThrow(
    new PermafrostError(
      'conflict',
      `${path} is damaged and in use by another Permafrost (process ${process.pid}). Quit that app, then run permafrost rebuild again.`,
    ),
  );
  lease.release();
  expect(await withApp((app) => app.rebuild(), { repairs: true })).toMatchObject({ added: 30 });
});

it('other apps see an idle app', async () => {
  await withApp((app) => {
    app.queue.adoptOrphans();
    expect(readdirSync(join(home, 'apps'))).toHaveLength(1);
  });
  expect(readdirSync(join(home, 'apps'))).toEqual([]);
});

it.each([
  ['is gone', () => rmSync(path)],
  ['is empty', () => truncateSync(path)],
])('a store that %s is reported, not taken for one without runs', async (_, lose) => {
  await fillHome();
  lose();
  const told: unknown[] = [];
  const { error } = console;
  console.error = (text) => told.push(text);
  try {
    await withApp((app) => app.runs.getAll(), { reads: true });
    await withApp((app) => app.rebuild(), { repairs: true });
    await withApp((app) => app.runs.getAll());
  } finally {
    console.error = error;
  }
  expect(told).toEqual([
    `The run store has no runs, but ${join(home, 'runs')} has 30. Run permafrost rebuild to add them.`,
  ]);
});
