/** Short messages in the corner: what was done, and errors in their own words. */
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { messageOf } from './ErrorState.tsx';

const closeButtonProps = { 'aria-label': 'Dismiss' };

export const notifyDone = (message: ReactNode, id?: string): void =>
  void notifications.show({ id, message, closeButtonProps, color: 'ice', autoClose: 6000 });

/** Stays until it is closed: an error that leaves by itself was not told. */
export const notifyError = (title: string, error: unknown): void =>
  void notifications.show({ title, closeButtonProps, message: messageOf(error), color: 'red', autoClose: false });

export const dismiss = (id: string): void => void notifications.hide(id);
