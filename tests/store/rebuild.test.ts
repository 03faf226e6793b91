/** Rebuilding a store from run folders, beside another process that writes, and after a kill. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import { type EntryBody, encodeEntry, type JournalEntry, type MetricRow } from '#contract/run';
import { draftOf } from '#disk/atomicFile';
import { writeRunJob } from '#runFolder/job';
import { readEntries } from '#runFolder/journal';
import { readMarks, writeMarks } from '#runFolder/marks';
import { runFiles } from '#runFolder/paths';
import { rebuild } from '#store/rebuild';
import { openStore } from '#store/store';

const config = parseConfig({ task: 'mnist', patch_size: 4, pretrained: false, num_iters: 1, steps_per_iter: 10 });
let home: string;
let runsFolder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-rebuild-'));
  runsFolder = join(home, 'runs');
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

/** The journal of a finished run, 500 steps in an entry. */
function journalOf(steps: number): JournalEntry[] {
  const bodies: EntryBody[] = [
    { kind: 'started', step: 0, totalSteps: steps, device: 'cpu', trainable: 1, total: 1, deviations: [] },
  ];
  for (let step = 0; step < steps; step += 500) {
    const rows = Array.from({ length: 500 }, (_, i): MetricRow => ['train_loss', step + i + 1, Math.sin(step + i)]);
    bodies.push({ kind: 'metrics', rows, seconds: step / 10 });
  }
  const counts = { samples: 10, iteration: 1, iterations: 1, steps, seconds: steps / 10, stoppedEarly: false };
  const result = { metric: 'accuracy', value: 0.5, loss: 0.7, standardError: 0.01, last100: 0.5, ...counts };
  bodies.push({ kind: 'ended', state: 'finished', step: steps, reason: null, result });
  return bodies.map((body, i) => ({ seq: i + 1, at: 1000 * i, body }));
}

function writeRun(id: string, steps: number): void {
  const folder = join(runsFolder, id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ id, createdAt: 7, ...configFile(config) }));
  writeFileSync(join(folder, 'journal.jsonl'), journalOf(steps).map(encodeEntry).join(''));
}

it('a run that a cluster may still be training is not marked as crashed', async () => {
  writeRun('mnist-aaaaaa', 500);
  const folder = join(runsFolder, 'mnist-aaaaaa');
  const unfinished = journalOf(500).slice(0, -1);
  writeFileSync(join(folder, 'journal.jsonl'), unfinished.map(encodeEntry).join(''));
  writeRunJob(folder, { batch: 'a', task: 0, attempt: 0 });
  const store = await openStore(join(home, 'permafrost.db'));
  await rebuild(store, runsFolder);
  expect(store.runs.submitted()).toMatchObject([{ id: 'mnist-aaaaaa', launcher: 'slurm' }]);
  store.close();
});

it('another connection can write while a long run is added', async () => {
  writeRun('mnist-aaaaaa', 200_000);
  const path = join(home, 'permafrost.db');
  const [store, other] = [await openStore(path), await openStore(path)];
  other.runs.add({ id: 'mnist-zzzzzz', config, createdAt: 1 }, 'paused');
  let [notes, longest, last] = [0, 0, performance.now()];
  const writer = setInterval(() => {
    other.runs.note('mnist-zzzzzz', String(notes++));
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await rebuild(store, runsFolder);
  clearInterval(writer);
  expect(store.runs.get('mnist-aaaaaa')).toMatchObject({ state: 'finished', step: 200_000 });
  expect(notes).toBeGreaterThan(10);
  expect(longest).toBeLessThan(2000); // the longest wait of a statement
  store.close();
  other.close();
});

it('a killed rebuild is completed by the next one', async () => {
  for (const id of ['mnist-aaaaaa', 'mnist-bbbbbb', 'mnist-cccccc']) writeRun(id, 100_000);
  const path = join(home, 'permafrost.db');
  const code = `import { openStore } from '#store/store';
    import { rebuild } from '#store/rebuild';
    const store = await openStore(${JSON.stringify(path)});
    process.stdout.write('begun');
    await rebuild(store, ${JSON.stringify(runsFolder)});`;
  for (const moment of [30, 150, 400]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await sleep(moment);
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  const [store, fresh] = [await openStore(path), await openStore(':memory:')];
  await rebuild(store, runsFolder);
  await rebuild(fresh, runsFolder);
  expect(store.runs.list()).toEqual(fresh.runs.list());
  expect(store.runs.list().map(({ state }) => state)).toEqual(['finished', 'finished', 'finished']);
  for (const { id } of fresh.runs.list()) expect([...store.metrics.rows(id)]).toEqual([...fresh.metrics.rows(id)]);
  store.close();
});

it('a folder whose name is not a run id is reported instead of added', async () => {
  for (const id of ['mnist-aaaaaa', 'evil;rm', 'two\nlines', '-rf']) writeRun(id, 500);
  const store = await openStore(join(home, 'permafrost.db'));
  const { added, unreadable } = await rebuild(store, runsFolder);
  expect({ added, ids: store.runs.ids() }).toEqual({ added: 1, ids: ['mnist-aaaaaa'] });
  expect(unreadable).toHaveLength(3);
  for (const each of unreadable) expect(each).toMatch(/is not a run id\. .* Rename the folder\.$/);
  store.close();
});

it.skipIf(process.platform === 'win32')(
  'a pipe in the place of a file does not hang the rebuild',
  { timeout: 10_000 },
  () => {
    for (const [id, file] of [
      ['mnist-aaaaaa', 'config.json'],
      ['mnist-bbbbbb', 'journal.jsonl'],
      ['mnist-cccccc', 'marks.json'],
    ]) {
      writeRun(id, 500);
      rmSync(join(runsFolder, id, file), { force: true });
      execFileSync('mkfifo', [join(runsFolder, id, file)]);
    }
    const code = `
    const { openStore } = await import('#store/store');
    const { rebuild } = await import('#store/rebuild');
    const store = await openStore(':memory:');
    console.log(JSON.stringify({ ...(await rebuild(store, ${JSON.stringify(runsFolder)})), ids: store.runs.ids() }));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      timeout: 8000,
    });
    const { unreadable, ids } = JSON.parse(printed);
    expect(ids).toEqual(['mnist-cccccc']); // only its marks are lost
    expect(unreadable).toEqual([
      expect.stringMatching(/The run's config is missing or damaged\. .*config\.json is not a regular file\. .*\w\.$/),
      expect.stringMatching(/bbbbbb.*journal\.jsonl is not a regular file/),
    ]);
  },
);

it('tags, notes, archive and trash marks survive the store', async () => {
  writeRun('mnist-aaaaaa', 500);
  const marks = { tags: ['a b', 'c'], note: 'seed 3 again', archived: true, trashedAt: 12 };
  writeMarks(runFiles(join(runsFolder, 'mnist-aaaaaa')).marks, marks);
  const store = await openStore(':memory:');
  await rebuild(store, runsFolder);
  expect(store.rows()[0]).toMatchObject(marks);
  expect(store.runs.unsaved()).toEqual([]);
});

it('half-written files of a run whose creation was killed are deleted when the run is added', async () => {
  writeRun('mnist-aaaaaa', 500);
  const folder = join(runsFolder, 'mnist-aaaaaa');
  const dead = draftOf(runFiles(folder).marks).replace(/-\d+-\d+\.draft$/, '-1-0.draft'); // our PID, another start time
  writeFileSync(dead, '{"tags"');
  await rebuild(await openStore(':memory:'), runsFolder, 'missing');
  expect(readdirSync(folder).sort()).toEqual(['config.json', 'journal.jsonl']);
});

it('a damaged file of marks loses the marks but not the run', async () => {
  writeRun('mnist-aaaaaa', 500);
  const path = runFiles(join(runsFolder, 'mnist-aaaaaa')).marks;
  writeFileSync(path, '{"tags": ["a"');
  expect(readMarks(path)).toBeNull();
  const store = await openStore(':memory:');
  expect(await rebuild(store, runsFolder)).toMatchObject({ added: 1 });
});

it('a damaged journal still gives its result, and its log says what is lost', async () => {
  writeRun('mnist-aaaaaa', 1500);
  const { journal } = runFiles(join(runsFolder, 'mnist-aaaaaa'));
  const lines = journalOf(1500).map(encodeEntry);
  writeFileSync(journal, [lines[0], '\n', lines[1].replace('train_loss', 'train_lost'), ...lines.slice(2)].join(''));
  const store = await openStore(':memory:');
  const { damaged } = await rebuild(store, runsFolder);
  expect(damaged).toEqual([
    `${join(runsFolder, 'mnist-aaaaaa')}: the journal is damaged at 3 lines, the first 2; 1 entry is lost.`,
  ]);
  expect(store.runs.get('mnist-aaaaaa')).toMatchObject({ state: 'finished', result: { value: 0.5 } });
  expect(store.metrics.series('mnist-aaaaaa', 'train_loss')).toHaveLength(1000);
  const said = [...readEntries(journal)].flatMap(({ body }) => (body.kind === 'log' ? [body.text] : []));
  expect(said).toEqual([expect.stringMatching(/A line of the journal was damaged here/)]);
});
