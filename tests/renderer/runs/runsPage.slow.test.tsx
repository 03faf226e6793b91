// @vitest-environment happy-dom
import '../layout.ts';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test } from 'vitest';
import type { Services } from '#contract/services';
import { fillHome } from '../../fillHome.ts';
import { openWindow, seriousComplaints } from '../window.tsx';

const patient = { timeout: 60_000 };
const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 });
let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page.close());

/** Opens the table over `count` runs. */
const openRuns = async (count = 18, address = '/', after?: (app: Services, ids: string[]) => void) => {
  page = await openWindow(address, async (app) => {
    const ids = await fillHome(app, count);
    after?.(app, ids);
    return undefined;
  });
  return screen.findByRole('grid', {}, patient);
};
const lines = () => screen.getAllByRole('row').slice(1);
const names = () => lines().map((line) => within(line).queryByRole('link')?.textContent ?? line.textContent);
const filterBox = () => screen.getByRole('textbox', { name: 'Filter' });
const type = async (text: string) => {
  await user.clear(filterBox());
  await user.paste(text);
};
const select = (index: number) => user.click(within(lines()[index]).getByRole('checkbox'));
/** A tool for the selected runs. */
const tool = async (name: string) =>
  user.click(within(await screen.findByRole('toolbar', {}, patient)).getByText(name));
const press = (name: string | RegExp) => user.click(screen.getByRole('button', { name }));

describe('the table of runs', () => {
  test('renders only its visible lines and says how many there are', async () => {
    const grid = await openRuns(60);
    expect(screen.getByText('60 runs')).toBeTruthy();
    expect(grid.getAttribute('aria-rowcount')).toBe('61');
    expect(lines().length).toBeLessThan(40);
    expect(lines().length).toBeGreaterThan(9);
    expect(await seriousComplaints()).toEqual([]);
  });

  test('filters while the user types, and keeps its lines while a filter is wrong', async () => {
    await openRuns();
    await type('task:bit-xor -state:failed');
    await waitFor(
      () => expect(new Set(names().map((name) => name.slice(0, 7)))).toEqual(new Set(['bit-xor'])),
      patient,
    );
    await type('tsk:mnist');
    expect(
      await screen.findByText(/There is no field tsk. Did you mean task\? \(at character 1\)/, {}, patient),
    ).toBeTruthy();
    await type('task:nothing');
    expect(await screen.findByText('No run matches the filter', {}, patient)).toBeTruthy();
    await user.click(screen.getByText('Show all runs'));
    await waitFor(() => expect(lines()).toHaveLength(18), patient);
  });

  test('sorts by one column, by several with shift, and keeps it in the address', async () => {
    await openRuns(18, '/?filter=state%3Afinished');
    const head = (name: string) => screen.getByRole('columnheader', { name: new RegExp(`^${name}`) });
    await user.click(within(head('Final')).getByRole('button'));
    await waitFor(() => expect(head('Final').getAttribute('aria-sort')).toBe('descending'), patient);
    const values = () => lines().map((line) => Number(/\d\.\d{4}/.exec(line.textContent)?.[0]));
    expect(values()).toEqual([...values()].sort((a, b) => b - a));
    await user.keyboard('{Shift>}');
    await user.click(within(head('Name')).getByRole('button'));
    await user.keyboard('{/Shift}');
    await waitFor(() => expect(page.history.location.search).toContain('-value'), patient);
    expect(page.history.location.search).toContain('name');
  });

  test('groups seeds with their mean, 95 % interval and n, and opens a group', async () => {
    await openRuns(9);
    await user.click(screen.getByRole('switch', { name: 'Group seeds' }));
    await waitFor(() => expect(lines()).toHaveLength(3), patient);
    const fpt = lines().find((line) => line.textContent.includes('mnist frt'))!;
    expect(fpt.textContent).toMatch(/0\.9\d{3} ± 0\.0\d{3}/);
    expect(within(fpt).getAllByRole('gridcell')[2].textContent).toBe('3');
    await user.click(within(fpt).getByRole('button', { name: 'mnist frt' }));
    await waitFor(() => expect(lines()).toHaveLength(6), patient);
    expect(await seriousComplaints()).toEqual([]);
  });

  test('shows the columns that are chosen', async () => {
    await openRuns(3);
    await press('Columns');
    await user.click(await screen.findByRole('checkbox', { name: 'Learning rate' }, patient));
    expect(await screen.findByRole('columnheader', { name: /^Learning rate/ }, patient)).toBeTruthy();
    await press('Reset');
    await waitFor(() => expect(screen.queryByRole('columnheader', { name: /^Learning rate/ })).toBeNull(), patient);
  });

  test('can be navigated, selected and opened by keyboard alone', async () => {
    const grid = await openRuns(9);
    const first = names()[0];
    grid.focus();
    await user.keyboard('{ArrowDown} {Shift>}{ArrowDown}{/Shift}');
    expect(await screen.findByText('2 selected', {}, patient)).toBeTruthy();
    await user.keyboard('{Control>}a{/Control}');
    expect(await screen.findByText('9 selected', {}, patient)).toBeTruthy();
    await user.keyboard('{Escape}');
    expect(screen.queryByText('9 selected')).toBeNull();
    await user.keyboard('{Home}{Enter}');
    await waitFor(() => expect(page.history.location.pathname).toMatch(/^\/runs\//), patient);
    expect(page.app.runs.get(page.history.location.pathname.slice(6)).config.name).toBe(first);
  });
});

describe('an action on selected runs', () => {
  test('moves them to the trash, and Undo restores them; only emptying the trash deletes', async () => {
    await openRuns(6);
    await select(0);
    await tool('Trash');
    await waitFor(() => expect(lines()).toHaveLength(5), patient);
    expect(page.app.runs.list().filter((row) => row.trashedAt !== null)).toHaveLength(1);
    await user.click(await screen.findByRole('button', { name: 'Undo' }, patient));
    await waitFor(() => expect(lines()).toHaveLength(6), patient);
    await select(0);
    await tool('Trash');
    await waitFor(() => expect(lines()).toHaveLength(5), patient);
    await user.click(screen.getByRole('radio', { name: 'Trash' }));
    await user.click(await screen.findByRole('button', { name: 'Empty the trash' }, patient));
    await user.click(await screen.findByRole('button', { name: 'Delete 1 run' }, patient));
    expect(await screen.findByText('The trash is empty', {}, patient)).toBeTruthy();
    expect(page.app.runs.list()).toHaveLength(5);
  });

  test('archives them, so that they are no longer among the active runs', async () => {
    await openRuns(6);
    await select(0);
    await select(1);
    await tool('Archive');
    await waitFor(() => expect(lines()).toHaveLength(4), patient);
    await user.click(screen.getByRole('radio', { name: 'Archive' }));
    await waitFor(() => expect(lines()).toHaveLength(2), patient);
  });

  test('adds tags and a note', async () => {
    await openRuns(6);
    await select(0);
    await select(1);
    await tool('Tags');
    await user.type(await screen.findByLabelText('New tag', {}, patient), 'odd, even{Enter}');
    await waitFor(
      () =>
        expect(page.app.runs.list().filter(({ tags }) => tags.includes('odd') && tags.includes('even'))).toHaveLength(
          2,
        ),
      patient,
    );
    await user.keyboard('{Escape}');
    await select(1);
    await tool('Note');
    await user.type(await screen.findByRole('textbox', { name: 'Note' }, patient), ' Look again.');
    await waitFor(
      () => expect(page.app.runs.list().some(({ note }) => note.endsWith('Look again.'))).toBe(true),
      patient,
    );
  });

  test('opens the comparison with all of them', async () => {
    await openRuns(6);
    await select(0);
    await select(2);
    await tool('Compare');
    await waitFor(() => expect(page.history.location.pathname).toBe('/compare'), patient);
    expect(await screen.findByText('2 runs', {}, patient)).toBeTruthy();
  });

  test('reruns only the failed ones', async () => {
    await openRuns(18, '/', (app) => app.queue.pause());
    const before = new Map(page.app.runs.list().map(({ id, state }) => [id, state]));
    const failed = [...before].filter(([, state]) => state === 'failed').map(([id]) => id);
    expect(failed.length).toBeGreaterThan(0);
    await user.click(screen.getByRole('checkbox', { name: 'Select all' }));
    await tool(`Rerun failed (${failed.length})`);
    await waitFor(
      () => expect(page.app.runs.list(failed).map(({ state }) => state)).toEqual(failed.map(() => 'queued')),
      patient,
    );
    const others = page.app.runs.list().filter(({ id }) => !failed.includes(id));
    for (const { id, state } of others) expect(state).toBe(before.get(id));
  });

  test('exports the runs, or their means', async () => {
    await openRuns(6);
    await select(0);
    await tool('Export');
    const items = await screen.findAllByRole('menuitem', {}, patient);
    expect(items.map(({ textContent }) => textContent)).toContain('Runs as CSV');
    expect(items.map(({ textContent }) => textContent)).toContain('Means over seeds as LaTeX');
  });

  test('shows the app’s message when it fails', async () => {
    await openRuns(3, '/', async (app) => {
      app.queue.pause();
      const [run] = app.runs.list();
      await app.runs.create([{ ...app.runs.get(run.id).config, name: 'waits' }]);
    });
    await select(0);
    await tool('Trash');
    expect(await screen.findByText(/is queued. Stop it first/, {}, patient)).toBeTruthy();
  });
});

test('a run that is created elsewhere appears without a reload', async () => {
  await openRuns(3);
  page.app.queue.pause();
  await page.app.runs.create([{ ...page.app.runs.get(page.app.runs.list()[0].id).config, name: 'newcomer' }]);
  expect(await screen.findByRole('link', { name: 'newcomer' }, patient)).toBeTruthy();
});

test('an unknown address is reported, with a link back', async () => {
  page = await openWindow('/nowhere');
  expect(await screen.findByText('This page does not exist', {}, patient)).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Go to the runs' })).toBeTruthy();
});
