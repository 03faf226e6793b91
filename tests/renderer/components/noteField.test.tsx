// @vitest-environment happy-dom
import '../layout.ts';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fillHome } from '../../fillHome.ts';
import { openWindow } from '../window.tsx';

const patient = { timeout: 120_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
let id: string;
beforeEach(async () => {
  page = await openWindow('/', async (app) => {
    [id] = await fillHome(app, 1);
    app.runs.note(id, 'first');
    return `/runs/${id}`;
  });
  await waitFor(() => expect(field().value).toBe('first'), patient);
});
afterEach(() => page.close());

const field = () => screen.getByLabelText<HTMLTextAreaElement>('Note');
const write = (value: string) => fireEvent.change(field(), { target: { value } });
const stored = () => page.app.runs.list([id])[0].note;

test('a note is saved while it is typed, without a button', async () => {
  write('first, and more');
  await waitFor(() => expect(stored()).toBe('first, and more'), patient);
  await screen.findByText('Saved.', {}, patient);
});

test('a note that another window has changed meanwhile is shown, and the user chooses', async () => {
  write('mine');
  page.app.runs.note(id, 'theirs');
  await screen.findByText('It is now: theirs', {}, patient);
  expect(stored()).toBe('theirs');
  fireEvent.click(screen.getByText('Keep mine'));
  await waitFor(() => expect(stored()).toBe('mine'), patient);

  await waitFor(() => expect(screen.queryByText(/^It is now/)).toBeNull(), patient);
  write('mine again');
  page.app.runs.note(id, 'theirs again');
  await screen.findByText('It is now: theirs again', {}, patient);
  fireEvent.click(screen.getByText('Use the other'));
  expect(field().value).toBe('theirs again');
  expect(stored()).toBe('theirs again');
});

test('a change in another window appears unless the user is typing', async () => {
  page.app.runs.note(id, 'from elsewhere');
  await waitFor(() => expect(field().value).toBe('from elsewhere'), patient);
});

test('leaving the page saves what was typed last', async () => {
  write('in a hurry');
  await act(async () => page.history.push('/help'));
  await waitFor(() => expect(stored()).toBe('in a hurry'), patient);
});
