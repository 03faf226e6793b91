// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWindow, tiny } from '../window.tsx';

const patient = { timeout: 60_000 };
const eventually = (check: () => void) => waitFor(check, patient);
const endless = { ...tiny, num_iters: 100_000, steps_per_iter: 20 };
const nowhere = { ...tiny, device: 'tensorflow' as const };
let page: Awaited<ReturnType<typeof openWindow>>;
let id: string;

beforeAll(async () => {
  page = await openWindow('/', async (app) => {
    [id] = await app.runs.create([tiny]);
    return `/runs/${id}`;
  });
});
afterAll(() => page.close());

/** Goes to another run of the same window. */
const visit = (address: string) => act(async () => page.history.push(address));
const chart = (title: string) => within(screen.getByLabelText(title, { selector: 'section' }));
const pressed = (text: string) => fireEvent.click(screen.getByText(text));
const cells = () =>
  [...screen.getByLabelText('Loss as numbers').querySelectorAll('tbody tr')].map((row) => row.children);

describe('a finished run', () => {
  beforeAll(async () => {
    await screen.findByText('finished', {}, patient);
    await screen.findByText('All 12 points drawn.', { selector: '[aria-label=Loss] *' }, patient);
  }, 200_000);

  test('shows its result with an interval, beside the published number', () => {
    expect(screen.getByText(/95 % interval of the evaluation on 100 samples/)).toBeTruthy();
    expect(screen.getByText(/^±/).textContent).toMatch(/^ ?± \d/);
    expect(screen.getByText('published, full-size gpt2: 1')).toBeTruthy();
    expect(screen.queryByText('Pause')).toBeNull();
    expect(screen.queryByText('Resume')).toBeNull();
  });

  test('shows its log, its checkpoints, its config and how it differs from the protocol', async () => {
    await eventually(() => expect(screen.getByText(/Compiled \d+ nodes/)).toBeTruthy());
    await eventually(() => expect(screen.getByText('to continue from')).toBeTruthy());
    expect(within(screen.getByLabelText('Config', { selector: 'table' })).getByText('num_patterns')).toBeTruthy();
    expect(screen.getByText(/The body differs from the published gpt2/)).toBeTruthy();
  });

  test('shows the numbers of its curves as a table if the browser has no canvas', () => {
    expect(cells()).toHaveLength(10);
    const header = screen.getByLabelText('Loss as numbers').querySelector('thead')!;
    expect(header.textContent).toBe('steptraintest');
    const [step, train, test] = cells()[4];
    const stored = (key: 'train_loss' | 'test_loss') =>
      page.app.runs.series(id, key).find((point) => point.step === 5)!.value;
    expect(step.textContent).toBe('5');
    expect(Number(train.textContent)).toBeCloseTo(stored('train_loss'), 4);
    expect(Number(test.textContent)).toBeCloseTo(stored('test_loss'), 4);
  });

  test('shows x in steps, samples and time', async () => {
    pressed('samples');
    expect(cells()[0][0].textContent).toBe('25');
    pressed('time');
    await eventually(() => expect(chart('Loss').getByText('seconds of training')).toBeTruthy());
    pressed('step');
  });

  test('zooms by key, and asks the store for the range', async () => {
    const canvas = screen.getByLabelText(/^Loss\. Plus and minus zoom/);
    fireEvent.keyDown(canvas, { key: '+' });
    await eventually(() => expect(chart('Loss').getByText('All 5 points drawn.')).toBeTruthy());
    expect(cells().map((row) => row[0].textContent)).toEqual(['4', '5', '6', '7']);
    fireEvent.keyDown(canvas, { key: 'Escape' });
    await eventually(() => expect(chart('Loss').getByText('All 12 points drawn.')).toBeTruthy());
  });

  test('takes tags and a note', async () => {
    const tags = screen.getByLabelText('Tags', { selector: 'input' });
    await userEvent.type(tags, 'baseline{Enter}');
    fireEvent.change(screen.getByLabelText('Note'), { target: { value: 'A first try.' } });
    await eventually(() => expect(page.app.runs.list()[0]).toMatchObject({ tags: ['baseline'], note: 'A first try.' }));
    await screen.findByText('Saved.', {}, patient);
  });

  test('is cloned into the form', async () => {
    pressed('Clone');
    await screen.findByText(`starts from ${id}`, {}, patient);
    expect(page.history.location.search).toContain(id);
  });
});

describe('a run', () => {
  const points = () => {
    const text = screen.queryByLabelText('Loss', { selector: 'section' })?.textContent ?? '';
    const [, all, some] = /All ([\d,]+) points|of ([\d,]+) points/.exec(text) ?? []; // a run that is long is thinned
    return Number((all ?? some ?? '0').replaceAll(',', ''));
  };

  test('draws its growing curves with every point once; pauses, resumes and stops on request', async () => {
    const [id] = await page.app.runs.create([endless]);
    await visit(`/runs/${id}`);
    await eventually(() => expect(points()).toBeGreaterThan(5));
    pressed('Pause');
    await screen.findByText('paused', {}, patient);
    const before = points();
    await screen.findByText('Resume', {}, patient);
    pressed('Resume');
    await eventually(() => expect(points()).toBeGreaterThan(before));
    pressed('Stop');
    await screen.findByText('stopped', {}, patient);
    const stored = page.app.runs.series(id, 'train_loss').length + page.app.runs.series(id, 'test_loss').length;
    await eventually(() => expect(points()).toBe(stored));
  }, 400_000);

  test('that failed says why and can be tried again', async () => {
    const [id] = await page.app.runs.create([nowhere]);
    await visit(`/runs/${id}`);
    await screen.findAllByText(/tensorflow cannot be used here/, {}, patient);
    expect(screen.getByText('Resume')).toBeTruthy();
  });

  test('that does not exist is reported, with a link back', async () => {
    await visit('/runs/nowhere-123');
    await screen.findByText('Run nowhere-123 cannot be shown', {}, patient);
    expect(screen.getByText('Go to the runs').closest('a')?.getAttribute('href')).toBe('/');
  });
});
