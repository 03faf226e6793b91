/** Adds a model that is not in the catalogue: a Hugging Face repository or a folder on this machine. */
import { Button, Popover, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTRPC } from '../../client/trpc.ts';

interface AddModelProps {
  /** Called with the name of the added model. */
  onAdded(name: string): void;
}

export function AddModel({ onAdded }: AddModelProps) {
  const trpc = useTRPC();
  const [opened, setOpened] = useState(false);
  const [source, setSource] = useState('');
  const [name, setName] = useState('');
  const [revision, setRevision] = useState('');
  const add = useMutation(
    trpc.zoo.add.mutationOptions({
      onSuccess(model) {
        setOpened(false);
        setSource('');
        onAdded(model.name);
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = (text: string) => text.trim() || undefined;
    add.mutate({ source: source.trim(), name: given(name), revision: given(revision) });
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={360} position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button leftSection={<IconPlus size={15} />} onClick={() => setOpened(!opened)}>
          Add a model
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit} aria-label="Add a model">
          <Stack gap="xs">
            <TextInput
              size="xs"
              label="Source"
              placeholder="ORG/NAME or a folder"
              description="A GPT-2 or Vision Transformer on Hugging Face, or a folder with config.json and its weights."
              value={source}
              onChange={(event) => setSource(event.currentTarget.value)}
              error={
                add.isError && (
                  <Text span inherit style={{ whiteSpace: 'pre-wrap' }}>
                    {add.error.message}
                  </Text>
                )
              }
              required
            />
            <TextInput
              size="xs"
              label="Name"
              placeholder="same as the source"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput
              size="xs"
              label="Revision"
              placeholder="main"
              description="Branch, tag or commit of the repository. Permafrost stores the commit."
              value={revision}
              onChange={(event) => setRevision(event.currentTarget.value)}
            />
            <Button type="submit" loading={add.isPending} disabled={source.trim() === ''}>
              Add
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
