// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configFile } from '#contract/configFile';
import { openWindow, tiny } from '../window.tsx';

const patient = { timeout: 120_000 };
const eventually = (check: () => void) => waitFor(check, patient);
let page: Awaited<ReturnType<typeof openWindow>>;

beforeAll(async () => {
  sessionStorage.setItem('permafrost-new-run', JSON.stringify(tiny));
  page = await openWindow('/new', (app) => void app.queue.pause());
  await screen.findByText('Trained parameters', {}, patient);
});
afterAll(async () => {
  await page.close();
  sessionStorage.clear();
});
/** Goes to another address of the same window. */
const visit = (address: string) => act(async () => page.history.push(address));

// by label and text: asking for roles in a page of fifty controls takes seconds here
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const shown = (label: string) => (screen.getByLabelText(label) as HTMLInputElement).value;
const button = (text: string | RegExp) => screen.getByText(text).closest('button')!;
const press = (text: string | RegExp) => fireEvent.click(button(text));
const trained = () => screen.getByText('Trained parameters').parentElement!.textContent;
const isReady = () => eventually(() => expect(button(/^Start/).disabled).toBe(false));
const upload = (text: string | Uint8Array<ArrayBuffer>) =>
  fireEvent.change(document.querySelector<HTMLInputElement>('input[type=file]')!, {
    target: { files: [new File([text], 'mine.json', { type: 'application/json' })] },
  });

describe('the form', () => {
  beforeEach(isReady);

  test('shows the fields that the task reads, with counts before anything runs', async () => {
    expect(trained()).toContain('1,349');
    const task = screen.getByLabelText('Task', { selector: 'section' });
    expect(within(task).getByLabelText('n')).toHaveProperty('value', '5');
    expect(within(task).getByLabelText('Patch size')).toHaveProperty('value', '');
    expect(screen.queryByLabelText('ListOps reading')).toBeNull();
  });

  test('says beside a field what it accepts, and starts only when it is valid', async () => {
    type('Learning rate', 'fast');
    expect(screen.getByText('Learning rate takes a number from 0 up to 10.')).toBeTruthy();
    expect(button('Start run').disabled).toBe(true);
    expect(screen.queryByText('No differences.')).toBeNull();
    expect(screen.getByText('Known when the config is valid.')).toBeTruthy();
    type('Learning rate', '1e-3');
    expect(shown('Learning rate')).toBe('1e-3');
    await isReady();
  });

  test('offers no device that does not work here, and says why', async () => {
    const devices = await page.app.devices.list();
    const missing = ['webgpu:1', 'webgpu:2', 'webgpu:3']
      .filter((card) => devices.every(({ name }) => name !== card))
      .map((name) => ({ name, why: 'This machine has no such device.' }));
    const broken = [...devices.filter(({ available }) => !available), ...missing];
    expect(broken.length).toBeGreaterThan(0);
    fireEvent.click(screen.getByLabelText('Device', { selector: 'input' }));
    for (const { name, why } of broken)
      await eventually(() => {
        const option = document.querySelector(`[role=option][value="${name}"]`);
        expect(option?.textContent).toBe(`${name}${why}`);
        expect(option?.hasAttribute('data-combobox-disabled')).toBe(true);
      });
    fireEvent.click(screen.getByLabelText('Device', { selector: 'input' })); // closes the list
  });

  test('an imported config with a device that does not work here says so at the field and cannot be started', async () => {
    upload(JSON.stringify(configFile({ ...tiny, device: 'webgpu:3' })));
    await eventually(() => expect(screen.getByText('Fix these fields: Device.')).toBeTruthy());
    expect(button('Start run').disabled).toBe(true);
    press('Undo');
    await isReady();
  });

  test("shows the app's errors at their fields", async () => {
    type('Heads', '3');
    await eventually(() => expect(screen.getByText(/must be a multiple of n_head/)).toBeTruthy());
    expect(button('Start run').disabled).toBe(true);
    type('Heads', '4');
  });

  test('says at the batch size that it cannot be cut into micro-batches', async () => {
    const message = /batch_size 60 must be at most gpu_batch_size 25 or a multiple of it/;
    type('Batch size (samples)', '60');
    expect(screen.getByText(message).closest('.mantine-InputWrapper-root')?.textContent).toContain('Batch size');
    expect(button('Start run').disabled).toBe(true);
    type('Batch size (samples)', '25');
    await isReady();
  });

  test('toggles a freeze flag in the picture, also by key, and counts again', async () => {
    const attention = () => screen.getByLabelText(/^Attention: /);
    expect(attention().getAttribute('aria-checked')).toBe('true');
    act(() => (attention() as unknown as HTMLElement).focus());
    fireEvent.keyDown(attention(), { key: ' ' });
    await eventually(() => expect(attention().getAttribute('aria-label')).toMatch(/, trained$/));
    await eventually(() => expect(trained()).not.toContain('1,349'));
    expect(screen.getByLabelText(/^Freeze attention/)).toHaveProperty('checked', false);
    fireEvent.click(attention());
    await eventually(() => expect(trained()).toContain('1,349'));
  });

  test('marks deviations from the published protocol with a dot that explains itself', () => {
    expect(
      screen.getByLabelText(/^Body dropout differs from the published protocol: Dropout inside the transformer is 0/),
    ).toBeTruthy();
  });

  test('applies a regime, which changes its own fields, and undoes it', async () => {
    press('URT');
    await eventually(() => expect(button('URT').getAttribute('aria-pressed')).toBe('true'));
    expect(shown('Layers')).toBe('2');
    press('Undo');
    await eventually(() => expect(button('FRT').getAttribute('aria-pressed')).toBe('true'));
  });

  test.each([
    ['{"name": ', /mine.json is not JSON/],
    [JSON.stringify({ params: { task: 'bit-xor', learning_rte: 1 } }), /Did you mean learning_rate\?/],
    ['[1]', /found an array/],
    [new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), /mine.json is not JSON: it is in UTF-16\. Save it as UTF-8/],
  ])('says what is wrong with a bad file (%s) and stays as it was', async (text, problem) => {
    upload(text);
    await eventually(() => expect(screen.getByText(problem)).toBeTruthy());
    expect(shown('n')).toBe('5');
  });

  test('is filled by a dl-project file, and Undo restores it', async () => {
    upload(`\uFEFF${JSON.stringify(configFile({ ...tiny, n: 7, name: 'from a file' }))}`); // as Windows editors save it
    await eventually(() => expect(shown('n')).toBe('7'));
    expect(screen.getByText('Filled from mine.json')).toBeTruthy();
    press('Undo');
    await eventually(() => expect(shown('n')).toBe('5'));
  });
});

describe('choosing a task', () => {
  test('that the body cannot learn says under the model fields which body takes its place, until another is chosen', async () => {
    await visit('/new?model=permafrost-nano');
    const model = screen.getByLabelText('Model', { selector: 'section' });
    const input = (label: string) => screen.getByLabelText<HTMLInputElement>(label, { selector: 'input' });
    const pick = async (label: string, value: string) => {
      fireEvent.click(input(label));
      const option = document.querySelector(`[role=option][value="${value}"]`)!;
      await eventually(() => expect(option.hasAttribute('data-combobox-disabled')).toBe(false));
      fireEvent.click(option);
    };
    const before = 'permafrost-nano';
    await eventually(() => expect(input('Body').value).toBe(before));
    expect(within(model).queryByRole('status')).toBeNull();
    await isReady();
    await pick('Task', 'listops');
    await eventually(() => expect(input('Body').value).not.toBe(before));
    expect(within(model).getByRole('status').textContent).toBe(
      `The body is now ${input('Body').value}, because ${before} cannot learn listops with these settings.`,
    );
    await pick('Body', before);
    await eventually(() => expect(within(model).queryByRole('status')).toBeNull());
  });
});

describe('starting from', () => {
  test('a published run fills the whole form', async () => {
    await visit('/new?preset=regimes%2Fmnist%2FFPT');
    await eventually(() => expect(shown('Patch size')).toBe('4'));
  });

  test('a cloned run fills the form with its config', async () => {
    const [id] = await page.app.runs.create([{ ...tiny, n: 9 }]);
    await visit(`/new?from=${id}`);
    await eventually(() => expect(shown('n')).toBe('9'));
    expect(shown('Layers')).toBe('2');
  });

  test('a missing run is reported and keeps the form', async () => {
    await visit('/new?from=nowhere-123');
    await screen.findByText('Run nowhere-123 cannot be cloned', {}, patient);
    expect(shown('n')).toBe('9');
  });
});

describe('starting', () => {
  const seeds = () => page.app.runs.getAll().map(({ config }) => config.seed);

  test('creates every run of a grid after showing them', async () => {
    press('Vary a field');
    type('Values of Seed', '3..5');
    expect(screen.getByLabelText('Runs of the grid').querySelectorAll('tbody tr')).toHaveLength(3);
    await isReady();
    press('Start 3 runs');
    await eventually(() => expect(seeds()).toEqual([0, 3, 4, 5]));
    await eventually(() => expect(page.history.location.pathname).toBe('/'));
    expect(page.history.location.search).toContain('grouped=yes');
    expect(page.app.runs.getAll().map(({ tags }) => tags.join())).toEqual(['', 'sweep', 'sweep', 'sweep']);
  });

  test('creates the run that the form shows and opens it', async () => {
    await visit('/new');
    await screen.findByText('Trained parameters', {}, patient);
    await isReady();
    press('Start run');
    await eventually(() => expect(page.history.location.pathname).toMatch(/^\/runs\/bit-xor-/));
    expect(page.app.runs.getAll().at(-1)?.config).toEqual({ ...tiny, n: 9 });
  });
});
