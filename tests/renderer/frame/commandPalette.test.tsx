// @vitest-environment happy-dom
import '../layout.ts';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findEntries, type PaletteEntry } from '#renderer/frame/palette';
import { fillHome } from '../../fillHome.ts';
import { openWindow, seriousComplaints } from '../window.tsx';

const patient = { timeout: 120_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
let ids: string[];
beforeEach(async () => {
  page = await openWindow('/', async (app) => {
    ids = await fillHome(app, 2);
    return '/help';
  });
  await screen.findByText('Help', { selector: 'h1' }, patient);
});
afterEach(() => page.close());

const field = () => screen.findByLabelText('Find a page, run, model, table or action', {}, patient);
async function find(text: string): Promise<HTMLElement> {
  fireEvent.keyDown(document.documentElement, { key: 'k', code: 'KeyK', ctrlKey: true });
  const input = await field();
  fireEvent.change(input, { target: { value: text } });
  return input;
}
const options = () => [...document.querySelectorAll('[role=option]')].map((option) => option.textContent);
const isAt = (address: string) => waitFor(() => expect(page.history.location.href).toBe(address), patient);

test('Ctrl-K finds and opens a page, a table, a model and a run', async () => {
  for (const [text, address] of [
    ['model z', '/zoo'],
    ['urt question', '/tables?table=q2-urt'],
    ['gpt2-medium', '/zoo?model=gpt2-medium'],
    ['mnist frt seed 1', `/runs/${ids[1]}`],
  ]) {
    const input = await find(text);
    await waitFor(() => expect(options().length).toBeGreaterThan(0), patient);
    fireEvent.keyDown(input, { key: 'Enter' });
    await isAt(address);
    await waitFor(() => expect(document.querySelector('[role=option]')).toBeNull(), patient);
  }
}, 200_000);

test('it performs an action by name, and arrow keys move through the results', async () => {
  const input = await find('queue');
  await waitFor(
    () => expect(options()).toEqual(['QueuePages', 'Pause the queueActions', 'Resume the queueActions']),
    patient,
  );
  expect(await seriousComplaints()).toEqual([]);
  fireEvent.keyDown(input, { key: 'ArrowDown' });
  fireEvent.keyDown(input, { key: 'Enter' });
  await waitFor(() => expect(page.app.queue.get().paused).toBe(true), patient);
});

test('it says when nothing matches', async () => {
  await find('no such words');
  expect(await screen.findByText('Nothing matches these words.', {}, patient)).toBeTruthy();
});

test('entries that begin with the words come first', () => {
  const entry = (label: string, hint?: string): PaletteEntry => ({ key: label, group: 'Runs', label, hint, run() {} });
  const found = findEntries([entry('a mnist'), entry('mnist b'), entry('c', 'mnist'), entry('d')], 'MNIST');
  expect(found.map(({ label }) => label)).toEqual(['mnist b', 'a mnist', 'c']);
});
