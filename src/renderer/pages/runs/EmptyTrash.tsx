/** Permanently deletes the runs in the trash, after asking. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { plural } from '#contract/format';
import { useRunActions } from './useRunActions.ts';

export function EmptyTrash({ runs }: { runs: number }) {
  const [asked, { open, close }] = useDisclosure();
  const { emptyTrash } = useRunActions();
  const what = plural(runs, 'run');
  return (
    <Group>
      <Button color="red" variant="light" leftSection={<IconTrash size={15} />} onClick={open}>
        Empty the trash
      </Button>
      <Modal opened={asked} onClose={close} title={`Delete ${what} for good?`} centered>
        <Text size="sm" mb="md">
          Their metrics, checkpoints and logs are deleted from the disk. This cannot be undone.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Keep them
          </Button>
          <Button color="red" onClick={() => void emptyTrash().then(close)}>
            Delete {what}
          </Button>
        </Group>
      </Modal>
    </Group>
  );
}
