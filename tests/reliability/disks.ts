/** Full, locked, read-only and damaged disks. Needs root for the file systems that it mounts. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { randomStream } from '#contract/random';
import { runFiles } from '#runFolder/paths';
import { isCheckpointDamaged } from '#runFolder/runCheckpoint';
import { migrations } from '#store/database';
import { openSmallDisk, type SmallDisk } from '../disk/smallDisk.ts';
import { type Answer, checkJournal, claim, permafrost, resultOf, serve, start, tinySettings, until } from './lab.ts';

async function onSmallDisk<T>(megabytes: number, use: (disk: SmallDisk) => Promise<T>): Promise<T> {
  const disk = openSmallDisk(megabytes);
  try {
    return await use(disk);
  } finally {
    disk.remove();
  }
}

const refusals = /full|space|ENOSPC/i;

/** A refused command says what happened and what to do, with the code for files. */
function checkRefusal(words: string[], { code, err }: Answer, allowed: readonly number[]): void {
  if (allowed.includes(code ?? -1)) return;
  claim(
    `${words.join(' ')} on a full disk ends with 5 and says so`,
    code === 5 && refusals.test(err) && /Free some space/.test(err),
    { code, err },
  );
  claim(`${words.join(' ')} prints no stack`, !/\n\s+at /.test(err), err);
}

export async function fullDisk(log: (text: string) => void, seconds = 60): Promise<void> {
  const random = randomStream(1, 'full disk');
  await onSmallDisk(16, async ({ folder, fill }) => {
    const home = join(folder, 'home');
    const calm = mkdtempSync(join(tmpdir(), 'permafrost-calm-'));
    const settings = (seed: number) => tinySettings(400, { seed });
    const expected = await permafrost(['run', ...settings(1), '--json'], { home: calm });
    const wanted = resultOf(calm, JSON.parse(expected.out).id);
    rmSync(calm, { recursive: true });

    const first = await permafrost(['run', ...tinySettings(2), '--json'], { home });
    claim('a first run finishes', first.code === 0, first);
    const { id } = JSON.parse(first.out);
    const server = await serve(home, 1);
    const troubles = new Set<string>();
    const served = (await server.client.runs.create.mutate({ configs: [{ ...JSON.parse(expected.out).config }] }))[0];
    const run = start(['run', ...settings(1), '--json'], { home });
    const grid = start(
      ['sweep', ...tinySettings(100), '--grid', 'learning_rate=0.001,0.01', '--seeds', '2', '--json'],
      { home },
    );
    for (const [name, { answer }] of Object.entries({ run, grid }))
      await until(`${name} trains`, () => / started on /.test(answer.err));
    const end = performance.now() + seconds * 1000;
    const refused = new Map<string, number>();
    let fills = 0;
    while (performance.now() < end) {
      await sleep(1500 * random.uniform());
      const free = fill();
      fills++;
      const words = [
        ['list'],
        ['show', id],
        ['export', join(folder, 'runs.csv')],
        ['tag', id, `tag${fills}`],
        ['run', ...tinySettings(1, { seed: fills + 50 })],
        ['tables'],
        ['frozen', id],
      ][fills % 7];
      const answer = await permafrost(words, { home });
      checkRefusal(words, answer, words[0] === 'run' ? [0, 3] : [0]);
      if (['list', 'show', 'tables', 'frozen'].includes(words[0]))
        claim(`${words[0]} works on a full disk`, answer.code === 0, answer);
      if (answer.code !== 0) refused.set(words[0], (refused.get(words[0]) ?? 0) + 1);
      const { trouble } = await server.client.queue.get.query();
      if (trouble) troubles.add(trouble);
      await sleep(1500 * random.uniform());
      free();
    }
    claim('the server lives', server.lives(), server.err());
    const [ran, swept] = await Promise.all([run.ended, grid.ended]);
    log(
      `run ended with ${ran.code}, sweep with ${swept.code}; refused ${JSON.stringify([...refused])}; ${fills} fills`,
    );
    claim('run ends by itself', ran.signal === null && ran.code !== 1, ran);
    claim('sweep ends by itself', swept.signal === null && swept.code !== 1, swept);
    await until(
      'the served run ends',
      async () => !['queued', 'running'].includes((await server.client.runs.get.query({ id: served })).state),
      120,
    );
    await until('no trouble is left', async () => (await server.client.queue.get.query()).trouble === null, 10);
    log(`troubles: ${JSON.stringify([...troubles])}\nserver said: ${server.err()}`);
    await server.close();
    const names = readdirSync(join(home, 'runs'));
    const states = JSON.parse((await permafrost(['list', '--json'], { home })).out).runs as {
      id: string;
      state: string;
      reason: unknown;
    }[];
    log(JSON.stringify(states.map(({ id, state, reason }) => [id, state, reason])));
    for (const { id, state } of states)
      if (state !== 'finished') log(`${id}: ${readFileSync(join(home, 'runs', id, 'trainer.log'), 'utf8')}`);
    claim(
      'every folder is in the store',
      names.every((name) => states.some((run) => run.id === name)),
      [names, states.map(({ id }) => id)],
    );
    for (const name of names) {
      const files = runFiles(join(home, 'runs', name));
      if (readdirSync(join(home, 'runs', name)).includes('checkpoint.safetensors'))
        claim(`the checkpoint of ${name} is whole`, !isCheckpointDamaged(files.checkpoint));
      if (readdirSync(join(home, 'runs', name)).includes('journal.jsonl')) checkJournal(home, name);
    }
    for (const { id, state } of states)
      if (state !== 'finished') {
        const again = await permafrost(['resume', id, '--json'], { home });
        claim(`${id} goes on`, again.code === 0, again);
      }
    const left = readdirSync(join(home, 'runs')).flatMap((name) =>
      readdirSync(join(home, 'runs', name)).filter((file) => file.endsWith('.draft')),
    );
    claim('no drafts are left', left.length === 0, left);
    const results = [served, JSON.parse(ran.out || '{}').id].filter(Boolean).map((each) => resultOf(home, each));
    claim(
      'the results equal those on a working disk',
      results.every((each) => JSON.stringify(each) === JSON.stringify(wanted)),
      [results, wanted],
    );
  });
}

/** Another process writes to the store for half a minute. */
export async function lockedStore(log: (text: string) => void, seconds = 30): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-locked-'));
  const { out } = await permafrost(['run', ...tinySettings(2), '--json'], { home });
  const first = JSON.parse(out);
  const { client, lives, err, close } = await serve(home);
  const [id] = await client.runs.create.mutate({ configs: [{ ...first.config, num_iters: 400 }] });
  await until('it trains', async () => (await client.runs.get.query({ id })).step > 0);
  const other = new Sqlite(join(home, 'permafrost.db'));
  other.exec('BEGIN EXCLUSIVE');
  const end = performance.now() + seconds * 1000;
  const stalls: number[] = [];
  let trouble: string | null = null;
  while (performance.now() < end) {
    const at = performance.now();
    await client.config.catalogue.query();
    stalls.push(performance.now() - at);
    trouble ??= (await client.queue.get.query()).trouble;
    await sleep(20);
  }
  const asked = performance.now();
  const refused = await client.runs.tag.mutate({ id: first.id, add: ['late'] }).catch((error) => error as Error);
  const took = performance.now() - asked;
  claim(
    'a write is refused with the reason',
    refused instanceof Error && /Another process is writing/.test(refused.message),
    String(refused),
  );
  other.exec('ROLLBACK');
  other.close();
  await until('no trouble is left', async () => (await client.queue.get.query()).trouble === null, 10);
  claim('the server lives', lives(), err());
  claim('it said what was wrong', trouble !== null && /Another process is writing/.test(trouble), trouble);
  const { step } = await client.runs.get.query({ id });
  const longest = Math.max(...stalls);
  claim('no call waits long', longest < 500, longest);
  log(
    `locked for ${seconds} s: longest of ${stalls.length} answers ${longest.toFixed(0)} ms; a write was refused after ${(took / 1000).toFixed(1)} s; at step ${step} right after`,
  );
  await close();
  checkJournal(home, id);
  rmSync(home, { recursive: true });
}

/** Content of the store's path in a read-only home. */
const stores: Record<string, (path: string) => void> = {
  'as it was left': () => {},
  'with changes that are not merged yet': (path) => {
    const database = new Sqlite(path);
    database.prepare("INSERT OR IGNORE INTO tags SELECT key, 'unmerged' FROM runs").run();
    for (const part of ['', '-wal']) copyFileSync(path + part, `${path}.kept${part}`);
    database.close();
    for (const part of ['', '-wal']) renameSync(`${path}.kept${part}`, path + part);
  },
  'of an earlier layout': (path) => {
    const rows = new Sqlite(path).prepare('SELECT id, config, state, created_at FROM runs').all() as object[];
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
    const database = new Sqlite(path);
    database.exec(migrations[0]);
    database.pragma('user_version = 1');
    const insert = database.prepare(
      'INSERT INTO runs (id, config, state, created_at) VALUES (@id, @config, @state, @created_at)',
    );
    for (const row of rows) insert.run(row);
    database.close();
  },
  'not there': (path) => {
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
  },
};

export async function readOnlyHome(log: (text: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-readonly-'));
  const made = join(folder, 'made');
  const { out } = await permafrost(['run', ...tinySettings(2), '--json'], { home: made });
  const { id } = JSON.parse(out);
  for (const [name, change] of Object.entries(stores)) {
    const home = join(folder, name.replaceAll(' ', '-'));
    cpSync(made, home, { recursive: true });
    change(join(home, 'permafrost.db'));
    execFileSync('mount', ['--bind', home, home]);
    execFileSync('mount', ['-o', 'remount,bind,ro', home]);
    try {
      const hasRuns = name !== 'not there';
      const reads = [
        ['list'],
        ['export', join(folder, 'runs.csv')],
        ['tables'],
        ...(hasRuns
          ? [
              ['show', id],
              ['frozen', id],
            ]
          : []),
      ];
      for (const words of reads) {
        const answer = await permafrost(words, { home });
        claim(`${words[0]} reads a store ${name} on a read-only disk`, answer.code === 0, answer);
        if (words[0] === 'list') claim('list has the run', answer.out.includes(id) === hasRuns, answer);
        if (words[0] === 'list' && name.startsWith('with changes'))
          claim('list has what is not merged', answer.out.includes('unmerged'), answer);
      }
      for (const words of [
        ['tag', id, 'x'],
        ['run', ...tinySettings(1)],
        ['resume', id],
        ['rebuild'],
        ['sweep', ...tinySettings(1)],
      ]) {
        const answer = await permafrost(words, { home });
        claim(
          `${words[0]} says what to do about a read-only disk`,
          answer.code === 5 && /read-only.*PERMAFROST_HOME/s.test(answer.err),
          answer,
        );
      }
      log(`a store ${name} on a read-only disk: read, and refused to be written`);
    } finally {
      execFileSync('umount', ['-l', home]);
    }
  }
  rmSync(folder, { recursive: true, force: true });
}
