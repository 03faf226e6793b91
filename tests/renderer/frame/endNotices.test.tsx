// @vitest-environment happy-dom
import '../layout.ts';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { openWindow, tiny } from '../window.tsx';

const patient = { timeout: 120_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page.close());

test('a run that ends is announced on any page, with a button that opens it', async () => {
  page = await openWindow('/help');
  await screen.findByText('Help', { selector: 'h1' }, patient);
  const [id] = await page.app.runs.create([tiny]);
  await screen.findByText('tiny (seed 0) finished', {}, patient);
  fireEvent.click(screen.getByText('Open'));
  await waitFor(() => expect(page.history.location.pathname).toBe(`/runs/${id}`), patient);
}, 150_000);
