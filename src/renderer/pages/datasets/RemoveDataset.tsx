/** Deletes what was fetched and decoded, after a word about what goes and what stays. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import type { DatasetInfo } from '#contract/data';
import { bytes } from '../../components/format.ts';

interface RemoveDatasetProps {
  dataset: DatasetInfo;
  disabled: boolean;
  onRemove(): void;
}

export function RemoveDataset({ dataset, disabled, onRemove }: RemoveDatasetProps) {
  const [asked, { open, close }] = useDisclosure(false);
  const { title, place, folder, diskBytes } = dataset;
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={15} />} disabled={disabled} onClick={open}>
        Remove
      </Button>
      <Modal opened={asked} onClose={close} title={`Remove ${title} from this machine?`} centered>
        <Text size="sm">
          {place === 'linked'
            ? `Its decoded form is deleted and ${folder} is no longer used; the files there stay.`
            : `What was fetched and decoded is deleted, ${bytes(diskBytes)} at most. Files of your own in ${folder} stay.`}
        </Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close} data-autofocus>
            Keep it
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              onRemove();
            }}
          >
            Delete
          </Button>
        </Group>
      </Modal>
    </>
  );
}
