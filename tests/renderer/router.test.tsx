// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { openWindow } from './window.tsx';

let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page.close());
const patient = { timeout: 120_000 };

test.each(['/zoo?model=[1]&here={"a":1}&nobody=knows', '/zoo?model=null'])(
  'an address that no link makes, %s, shows the page without what it cannot mean',
  async (address) => {
    page = await openWindow(address);
    await screen.findByText('Model zoo', { selector: 'h1' }, patient);
    expect(screen.queryByText('This page has failed')).toBeNull();
  },
);

test('a number in an address reaches the page as text', async () => {
  page = await openWindow('/datasets?set=5');
  await screen.findByText('5', { selector: 'h1' }, patient);
});
