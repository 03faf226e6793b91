// @vitest-environment happy-dom
/** Messages in the corner of the window. */
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { notifyDone } from '#renderer/components/notify.tsx';

test('the element of a message has an id without blanks, which selectors need', async () => {
  render(
    <MantineProvider>
      <Notifications />
    </MantineProvider>,
  );
  let undone = 0;
  notifyDone('cyp3a4 removed, 10.6 kB.', () => undone++);
  const text = await screen.findByText('cyp3a4 removed, 10.6 kB.');
  for (let node: Element | null = text; node; node = node.parentElement) expect(node.id).toMatch(/^\S*$/);
  fireEvent.click(screen.getByText('Undo'));
  expect(undone).toBe(1);
});
