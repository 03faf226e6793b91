// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { openWindow, seriousComplaints } from '../window.tsx';

const patient = { timeout: 150_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page.close());

test("every device works or says why not and what to do; the machine's load is live", async () => {
  page = await openWindow('/devices');
  const devices = await page.app.devices.list();
  await screen.findByRole('heading', { name: devices[0].name }, patient);
  for (const { name, why, help, command, detail } of devices) {
    expect(screen.getByRole('heading', { name })).toBeTruthy();
    for (const text of [why, help, command, detail]) if (text) expect(document.body.textContent).toContain(text);
  }
  const working = devices.filter(({ available }) => available).length;
  expect(screen.getByText(`${working} of ${devices.length} work here`)).toBeTruthy();
  const line = await screen.findByRole('img', { name: 'Processor load over the last minute' }, patient);
  const first = line.innerHTML;
  await waitFor(() => expect(line.innerHTML).not.toBe(first), patient);
  expect(await seriousComplaints()).toEqual([]);
});
