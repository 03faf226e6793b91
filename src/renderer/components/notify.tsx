/** Short messages in the corner: done actions with an undo button, and errors. */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { Ending } from '../runs/endings.ts';
import { messageOf } from './ErrorState.tsx';

const closeButtonProps = { 'aria-label': 'Dismiss' };

/** Reports a done action for six seconds. */
export function notifyDone(text: string, undo?: () => void): void {
  const onUndo = () => {
    notifications.hide(id);
    undo?.();
  };
  const message = (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <Text size="sm">{text}</Text>
      {undo && (
        <Button variant="subtle" size="compact-xs" flex="none" onClick={onUndo}>
          Undo
        </Button>
      )}
    </Group>
  );
  const id = notifications.show({ message, closeButtonProps, color: 'ice', autoClose: 6000 });
}

/** Reports a run or table that has ended, with a button that opens it. */
export function notifyEnd({ title, body, isGood }: Pick<Ending, 'title' | 'body' | 'isGood'>, open: () => void): void {
  const message = (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <Text size="sm" lineClamp={3}>
        {body}
      </Text>
      <Button
        variant="subtle"
        size="compact-xs"
        flex="none"
        onClick={() => {
          notifications.hide(id);
          open();
        }}
      >
        Open
      </Button>
    </Group>
  );
  const color = isGood ? 'ice' : 'red';
  const id = notifications.show({ title, message, closeButtonProps, color, autoClose: 10_000 });
}

/** Shows an error until the user closes it. */
export const notifyError = (title: string, error: unknown): void =>
  void notifications.show({ title, closeButtonProps, message: messageOf(error), color: 'red', autoClose: false });

/** Runs `work` and returns whether it succeeded. Shows its error under the title `failure`. */
export async function attempt(failure: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    notifyError(failure, error);
    return false;
  }
}
