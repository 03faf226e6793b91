// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';
import { openWindow, seriousComplaints, tiny } from '../window.tsx';

const patient = { timeout: 60_000 };
const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 });
const endless = { ...tiny, num_iters: 100_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page?.close());

/** A paused queue of three. */
const openQueue = () =>
  openWindow('/queue', async (app) => {
    app.queue.pause();
    await app.runs.create(['first', 'second', 'third'].map((name, seed) => ({ ...endless, name, seed })));
    return undefined;
  });
const order = () => page.app.queue.get().queued.map((id) => page.app.runs.get(id).config.name);
const shown = () =>
  within(screen.getByRole('list', { name: 'Waiting runs' }))
    .getAllByRole('link')
    .map((link) => link.textContent);

test('a queue without runs leads to a new one', async () => {
  page = await openWindow('/queue');
  expect(await screen.findByText('No run is running or waiting', {}, patient)).toBeTruthy();
});

test('a run is moved by buttons and by keys, in the queue and on the page', async () => {
  page = await openQueue();
  await user.click(await screen.findByRole('button', { name: 'Move third to the front' }, patient));
  await waitFor(() => expect(shown()).toEqual(['third', 'first', 'second']), patient);
  expect(order()).toEqual(['third', 'first', 'second']);
  screen.getByRole('link', { name: 'third' }).focus();
  await user.keyboard('{Alt>}{ArrowDown}{/Alt}');
  await waitFor(() => expect(shown()).toEqual(['first', 'third', 'second']), patient);
  expect(order()).toEqual(['first', 'third', 'second']);
  expect(screen.getByText('third is now number 2 of 3.')).toBeTruthy();
  expect(await seriousComplaints()).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'Remove first from the queue' }));
  await waitFor(() => expect(shown()).toEqual(['third', 'second']), patient);
});

test('a paused queue resumes on request; a running run shows its progress and device, and stops', async () => {
  page = await openQueue();
  expect(await screen.findByText('The queue is paused', {}, patient)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Resume the queue' }));
  expect(await screen.findByText(/cpu \(ONNX Runtime/, {}, patient)).toBeTruthy();
  expect(await screen.findByText(/of 500,000 steps .* so far/, {}, patient)).toBeTruthy();
  expect(await screen.findByText(/at most .* left/, {}, patient)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Pause the queue' }));
  await screen.findByText('The queue is paused', {}, patient);
  await user.click(screen.getByRole('button', { name: 'Stop first' }));
  await waitFor(() => expect(page.app.runs.list()[0].state).toBe('stopped'), patient);
  expect(await screen.findByText('No run is running.', {}, patient)).toBeTruthy();
});

test('the number of runs at once is set', async () => {
  page = await openQueue();
  const slots = await screen.findByRole('textbox', { name: 'Runs at once' }, patient);
  await user.clear(slots);
  await user.type(slots, '3');
  await waitFor(() => expect(page.app.queue.get().slots).toBe(3), patient);
});
