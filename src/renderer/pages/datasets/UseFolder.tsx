/** Links a folder of the user that holds the files already; Permafrost never writes to it. */
import { Button, Popover, Stack, TextInput } from '@mantine/core';
import { IconFolderSymlink } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import type { DatasetInfo } from '#contract/data';

interface UseFolderProps {
  dataset: DatasetInfo;
  disabled: boolean;
  onUse(folder: string): void;
}

export function UseFolder({ dataset: { title, files }, disabled, onUse }: UseFolderProps) {
  const [opened, setOpened] = useState(false);
  const [folder, setFolder] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setOpened(false);
    onUse(folder.trim());
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={360} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconFolderSymlink size={15} />}
          disabled={disabled}
          onClick={() => setOpened(!opened)}
        >
          Use a folder of my own
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit} aria-label="Use a folder of my own">
          <Stack gap="xs">
            <TextInput
              size="xs"
              label="Folder"
              description={`Has ${files.length > 0 ? files.map(({ name }) => name).join(', ') : `the files of ${title}`}. Permafrost reads it in place and changes nothing in it.`}
              value={folder}
              onChange={(event) => setFolder(event.currentTarget.value)}
              data-autofocus
              required
            />
            <Button type="submit" disabled={folder.trim() === ''}>
              Use this folder
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
