// @vitest-environment happy-dom
import '../layout.ts';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test } from 'vitest';
import { fillHome } from '../../fillHome.ts';
import { openWindow, seriousComplaints } from '../window.tsx';

const patient = { timeout: 60_000 };
const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 });
let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page.close());

/** Three seeds of one config and one run of another. */
const openComparison = async () => {
  page = await openWindow('/', async (app) => `/compare?ids=${(await fillHome(app, 4)).join('%2C')}`);
  return within(await screen.findByRole('table', { name: 'Metrics' }, patient));
};

test('an empty comparison says how to fill it', async () => {
  page = await openWindow('/compare');
  expect(await screen.findByText('Nothing to compare yet', {}, patient)).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Choose runs' })).toBeTruthy();
});

test('a run is overlaid on the others with every point that the store has', async () => {
  await openComparison();
  const points = page.app.runs.list().reduce((sum, { id }) => sum + page.app.runs.series(id, 'test_metric').length, 0);
  const chart = within(screen.getByRole('region', { name: 'Test metric' }));
  expect(await chart.findByText(`All ${points} points drawn.`, {}, patient)).toBeTruthy();
  expect(chart.getAllByText('mnist frt · seed 0').length).toBeGreaterThan(0);
  await user.click(screen.getByRole('switch', { name: 'Group means' }));
  expect((await chart.findAllByText('mnist frt (n = 3)', {}, patient)).length).toBeGreaterThan(0);
  expect(chart.getAllByText('mnist urt (n = 1)').length).toBeGreaterThan(0);
});

test('the table has the mean over seeds, the diff only the fields that differ; a run can be removed', async () => {
  const metrics = await openComparison();
  const mean = metrics.getByRole('row', { name: /n = 3/ });
  expect(mean.textContent).toMatch(/0\.9\d{3} (±\s0\.\d{4}|\(0\.\d{4} … 0\.\d{4}\))/);
  const fields = () =>
    within(screen.getByRole('table', { name: 'Config differences' }))
      .getAllByRole('row')
      .slice(1)
      .map((row) => row.querySelector('td')!.textContent);
  expect(fields().join()).toContain('freeze_trans');
  expect(fields().join()).not.toContain('learning_rate');
  expect(await seriousComplaints()).toEqual([]);
  const other = page.app.runs.list().find(({ name }) => name === 'mnist urt')!;
  await user.click(metrics.getByRole('button', { name: `Remove ${other.id} from the comparison` }));
  await waitFor(() => expect(fields()).toEqual(['Seed seed']), patient);
});

describe('settings against results', () => {
  const lines = () => screen.getByRole('slider', { name: /^Settings and results/ });

  test('a line per run crosses an axis for every field that differs, and arrow keys move from the best line on', async () => {
    await openComparison();
    const rows = page.app.runs.list().sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
    expect(lines().querySelectorAll('[data-line]')).toHaveLength(4);
    const axes = [...lines().querySelectorAll('text[text-anchor="middle"]')].map(({ textContent }) => textContent);
    expect(axes).toEqual(['Freeze', 'transformer', 'Seed', 'Final', 'accuracy']);
    lines().focus();
    await user.keyboard('{ArrowDown}');
    expect(lines().getAttribute('aria-valuetext')).toMatch(
      new RegExp(`\\(${rows[0].id}\\) · Freeze transformer .* · Seed ${rows[0].seed} · Final accuracy 0\\.9`),
    );
    await user.keyboard('{End}');
    expect(lines().getAttribute('aria-valuetext')).toContain(rows[3].id);
    await user.click(screen.getByRole('link', { name: 'Open' }));
    await waitFor(() => expect(page.history.location.pathname).toBe(`/runs/${rows[3].id}`), patient);
  });

  test('a line per config has no seed, and its mean as the result', async () => {
    await openComparison();
    const chart = within(screen.getByRole('region', { name: 'Settings and results' }));
    await user.click(chart.getByRole('switch', { name: 'A line per config' }));
    expect(lines().querySelectorAll('[data-line]')).toHaveLength(2);
    expect(lines().textContent).not.toContain('Seed');
    lines().focus();
    await user.keyboard('{End}');
    expect(lines().getAttribute('aria-valuetext')).toMatch(/\(n = \d\) · Freeze transformer/);
  });

  test('is hidden when no setting differs', async () => {
    page = await openWindow('/', async (app) => `/compare?ids=${(await fillHome(app, 1))[0]}`);
    await screen.findByRole('table', { name: 'Metrics' }, patient);
    expect(screen.queryByRole('region', { name: 'Settings and results' })).toBeNull();
  });
});

test('accuracies and errors have separate charts, because they share no axis', async () => {
  page = await openWindow('/', async (app) => {
    const ids = [...(await fillHome(app, 3)), ...(await fillHome(app, 2, 'mnist-add-reg'))];
    return `/compare?ids=${ids.join('%2C')}`;
  });
  const runsOf = async (title: string) => {
    const region = within(await screen.findByRole('region', { name: title }, patient));
    const labels = await region.findAllByText(/ · seed \d$/, {}, patient);
    return new Set(labels.map(({ textContent }) => textContent)).size;
  };
  expect(await runsOf('Test metric, accuracies')).toBe(3);
  expect(await runsOf('Test metric, errors')).toBe(2);
  for (const [title, lines] of Object.entries({ 'Settings and errors': 2, 'Settings and accuracies': 3 }))
    expect(screen.getByRole('region', { name: title }).querySelectorAll('[data-line]')).toHaveLength(lines);
});

test('more runs than colours start as means over their seeds', async () => {
  page = await openWindow('/', async (app) => `/compare?ids=${(await fillHome(app, 12)).join('%2C')}`);
  const means: HTMLInputElement = await screen.findByRole('switch', { name: 'Group means' }, patient);
  expect(means.checked).toBe(true);
  const chart = within(screen.getByRole('region', { name: 'Test metric' }));
  expect((await chart.findAllByText(/\(n = 3\)/, {}, patient)).length).toBeGreaterThan(3);
});

test('a deleted run is reported as missing', async () => {
  page = await openWindow('/', async (app) => `/compare?ids=${(await fillHome(app, 1))[0]}%2Cnothing`);
  expect(await screen.findByText('1 run; 1 of the 2 chosen no longer exist', {}, patient)).toBeTruthy();
});
