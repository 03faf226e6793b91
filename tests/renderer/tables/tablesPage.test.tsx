// @vitest-environment happy-dom
import { join } from 'node:path';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EntryBody } from '#contract/run';
import { expand } from '#papers/expand';
import { tableOf } from '#papers/published';
import { openStore } from '#store/store';
import { openWindow, seriousComplaints } from '../window.tsx';
import '../layout.ts';

const patient = { timeout: 60_000 };
const eventually = (check: () => void) => waitFor(check, patient);
const configsOf = (table: string, column: string, row: string, seeds: number[]) =>
  expand(
    tableOf(table).cells.find((cell) => cell.column === column && cell.row === row)!,
    table === 'nano' ? 'quick' : 'paper',
    seeds,
  ).configs;
/** Finished runs: enough to decide one published cell, and one gain of a table without published numbers. */
const finishedRuns = [
  { name: 'done', best: 1, configs: configsOf('regimes', 'FRT', 'bit-xor', [0, 1, 2, 3, 4, 5, 6]) },
  { name: 'done-fpt', best: 0.94, configs: configsOf('nano', 'FPT', 'bit-memory, rate 0.003', [0, 1, 2]) },
  { name: 'done-frt', best: 0.85, configs: configsOf('nano', 'FRT', 'bit-memory, rate 0.003', [0, 1, 2]) },
];

let page: Awaited<ReturnType<typeof openWindow>>;
beforeAll(async () => {
  page = await openWindow('/tables?table=regimes&profile=paper', async (app) => {
    app.queue.pause(); // nothing is trained
    await finish(join(app.home, 'permafrost.db'));
    return undefined;
  });
  await screen.findByLabelText('Does language pretraining help? Three tasks, three regimes', {}, patient);
});
afterAll(() => page.close());

/** Adds the finished runs, as another Permafrost would. */
async function finish(path: string): Promise<void> {
  const store = await openStore(path);
  const runs = finishedRuns.flatMap(({ name, best, configs }) =>
    configs.map((config, i) => ({ id: `${name}-${i}`, value: best - i / 1000, config })),
  );
  for (const [i, { id, value, config }] of runs.entries()) {
    const counts = { samples: 10_000, iteration: 1, iterations: 1, steps: 100, seconds: 60, stoppedEarly: false };
    const result = { metric: 'accuracy', value, loss: 0.1, standardError: 0.001, last100: value, ...counts };
    store.runs.add({ id, config, createdAt: i }, 'running');
    store.apply(id, [
      { seq: 1, at: i, body: { kind: 'ended', state: 'finished', step: 100, reason: null, result } as EntryBody },
    ]);
  }
  store.close();
}

/** The cell as it is shown, by its row and column. */
function cellAt(row: string, column: string): HTMLElement {
  const table = screen.getByLabelText(/Does language pretraining help/, { selector: 'table' }) as HTMLTableElement;
  const at = [...table.rows[0].cells].findIndex(({ textContent }) => textContent === column);
  return [...table.rows].find(({ cells }) => cells[0].textContent === row)!.cells[at].querySelector('button')!;
}
const textOf = (row: string, column: string): string => cellAt(row, column).textContent!;
const press = (label: string | RegExp) => fireEvent.click(screen.getByText(label, { selector: 'button *' }));
const visit = (address: string) => act(async () => page.history.push(address));
const states = () =>
  page.app.runs
    .list()
    .filter(({ id }) => !id.startsWith('done'))
    .map(({ state }) => state);

test('cells show the published number, ours with its interval and a verdict, or what they need', async () => {
  expect(textOf('bit-xor', 'FRT')).toMatch(/Paper1†.*Ours0\.9970\(0\.99\d … 0\.99\d\)7 seedsreproduced/);
  expect(textOf('mnist', 'FRT')).toMatch(/Paper0\.97053 runscan't tell yet, \+3 seeds/);
  expect(textOf('mnist-add', 'FRT')).toMatch(/^Paperno numbernot trained yet$/);
  expect(textOf('mnist', 'FPT')).toMatch(/not run hereneeds a download: permafrost zoo pull gpt2/);
});

test('a changed tolerance judges the table again and stays in the address, like table and profile', async () => {
  fireEvent.change(screen.getByLabelText('Accuracy within'), { target: { value: '0.05 points' } });
  await eventually(() => expect(textOf('bit-xor', 'FRT')).not.toContain('reproduced'));
  expect(page.history.location.search).toMatch(/accuracy=.*0\.05/);
  fireEvent.change(screen.getByLabelText('Accuracy within'), { target: { value: '2 points' } });
  await eventually(() => expect(textOf('bit-xor', 'FRT')).toContain('reproduced'));
  fireEvent.click(screen.getByText('Quick', { selector: 'span' }));
  await eventually(() => expect(textOf('mnist', 'FRT')).toContain('scaled down'));
  expect(textOf('mnist', 'FRT')).toContain('0.9705');
  fireEvent.click(screen.getByText('As published', { selector: 'span' }));
  await eventually(() => expect(page.history.location.search).toContain('profile=paper'));
});

test('missing cells start after their plan is shown, stop together and are offered again', async () => {
  await eventually(() => expect(textOf('bit-xor', 'FRT')).toContain('reproduced'));
  press('Run the 5 missing cells');
  const plan = within(await screen.findByRole('dialog', { name: 'Run the missing cells' }, patient));
  await plan.findByText('15 runs start.', {}, patient);
  expect(plan.getByText('Time').nextElementSibling!.textContent).toMatch(
    /^about .+ \(for two cores of a laptop: no similar run has finished here.*\)$/,
  );
  expect(plan.getByText(/The queue is paused/)).toBeTruthy();
  fireEvent.click(plan.getByText('Start'));
  await eventually(() => expect(textOf('mnist', 'URT')).toContain('3 queued'));
  expect(page.app.queue.get().queued).toHaveLength(15);
  expect(screen.getByText('7 of 22 runs finished (32 %), 0 running, 15 waiting')).toBeTruthy();
  await screen.findByText(/^left: about /, {}, patient);

  for (const id of page.app.queue.get().queued.slice(0, 2)) page.app.runs.stop(id); // by another user
  await screen.findByText('Stop all (13 runs)', {}, patient);
  press('Stop all (13 runs)');
  await screen.findByText('Resume failed or stopped (5 cells)', {}, patient);
  expect(new Set(states())).toEqual(new Set(['stopped']));
  press('Resume failed or stopped (5 cells)');
  await screen.findByText('15 runs resume.', {}, patient);
});

test('a cell opens with its sources, settings and runs; it is run again, and that is undone', async () => {
  await visit('/tables?table=regimes&profile=paper');
  fireEvent.click(cellAt('bit-xor', 'FRT'));
  const drawer = within(await screen.findByRole('dialog', { name: 'bit-xor · FRT' }, patient));
  await drawer.findByText('3 runs finished already.', {}, patient);
  expect(drawer.getByText('arXiv 2103.05247 v2, Table 2, as quoted by secondary sources')).toBeTruthy();
  expect(drawer.getByText(/^0\.001\. Printed: appendix of the paper/)).toBeTruthy();
  expect(drawer.getByText(/^with 7 seeds \(runs end at one of two peaks/)).toBeTruthy();
  expect(drawer.getByText('second-hand: quoted by another text')).toBeTruthy();
  expect(drawer.getByText('done-1').closest('a')!.getAttribute('href')).toBe('/runs/done-1');
  expect(drawer.getByText('Open as a new run').closest('a')!.getAttribute('href')).toContain('preset=regimes');
  expect(drawer.getByText('Copy as command').closest('button')!.title).toBe(
    'npm run -s permafrost -- reproduce regimes --cells regimes/bit-xor/FRT --profile paper --seeds 3',
  );
  fireEvent.click(drawer.getByText('3 more seeds'));
  await drawer.findByText('7 runs finished already, 3 runs start.', {}, patient);
  expect(await seriousComplaints()).toEqual([]);

  fireEvent.click(drawer.getByText('Rerun'));
  await screen.findByText('7 runs moved to the trash, 7 runs started again.', {}, patient);
  await eventually(() => expect(textOf('bit-xor', 'FRT')).toContain('7 queued'));
  expect(page.app.runs.list(['done-0'])[0].trashedAt).not.toBeNull();
  press('Undo');
  await eventually(() => expect(textOf('bit-xor', 'FRT')).toMatch(/7 seedsreproduced/));
  expect(page.app.queue.get().queued).toEqual([]);
});

test('the picture of a table is kept in the address, has a text alternative, and is saved', async () => {
  await visit('/tables?table=regimes&profile=paper');
  fireEvent.click(await screen.findByText('Picture', { selector: 'span' }, patient));
  const name = /^Does language pretraining help\? .*, as a forest plot\. 9 cells: 1 reproduced, /;
  const plot = await screen.findByRole('img', { name }, patient);
  expect(page.history.location.search).toContain('view=picture');
  expect(plot.textContent).toContain('FRT†');
  expect(plot.textContent).toContain('mnist FPT; mnist-add FPT: needs a download');
  expect(screen.queryByLabelText(/Does language pretraining help/, { selector: 'table' })).toBeNull();
  expect(await seriousComplaints()).toEqual([]);
  press('Export');
  await screen.findByText('Forest plot (SVG)', {}, patient);
  await visit('/tables?table=regimes&profile=paper&view=picture');
  await screen.findByRole('img', { name }, patient);
  fireEvent.click(screen.getByText('Numbers', { selector: 'span' }));
  await eventually(() => expect(textOf('bit-xor', 'FRT')).toContain('reproduced'));
  expect(page.history.location.search).not.toContain('view');
});

test('a table without published numbers shows floors and ours, and its conclusions in sentences', async () => {
  await visit('/tables?table=nano');
  const grid = (await screen.findByLabelText(/^Does pretraining help a small body/, { selector: 'table' }, patient))
    .textContent!;
  expect(grid).toMatch(/Ours0\.9390\(0\.93\d … 0\.94\d\)3 seedsFloor0\.75/);
  expect(grid).toContain('not trained yet');
  expect(document.body.textContent).not.toMatch(/Paperno number|no published number|Sources:/);
  screen.getByText(/^FPT does better than FRT on bit-memory, rate 0\.003 \(\+0\.09, /);
  screen.getByText('4 trained, 13 not trained yet', { exact: false });
  expect(screen.getByLabelText<HTMLInputElement>('Seeds for each cell').placeholder).toBe('Seeds: 3 to 5');
  expect(await seriousComplaints()).toEqual([]);
});

test('an unknown table is reported by name', async () => {
  await visit('/tables?table=nothing');
  await screen.findByText('There is no table nothing', {}, patient);
});
