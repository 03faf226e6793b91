/** Tags and a note: what a person has to say about a run. */
import { Button, Group, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '../../client/trpc.ts';

interface NotesProps {
  id: string;
  tags: string[];
  note: string;
}

export function Notes({ id, tags, note }: NotesProps) {
  const trpc = useTRPC();
  const tag = useMutation(trpc.runs.tag.mutationOptions());
  const save = useMutation(trpc.runs.note.mutationOptions());
  const [text, setText] = useState<string | null>(null);
  const failed = [tag, save].find(({ isError }) => isError);
  return (
    <Stack gap="sm">
      <TagsInput
        label="Tags"
        placeholder="Write a tag and press Enter"
        value={tag.isPending ? [...tags, ...tag.variables.add].filter((t) => !tag.variables.remove?.includes(t)) : tags}
        onChange={(next) =>
          tag.mutate({
            id,
            add: next.filter((one) => !tags.includes(one)),
            remove: tags.filter((one) => !next.includes(one)),
          })
        }
      />
      <Textarea
        label="Note"
        placeholder="Why this run, and what came of it"
        rows={4}
        resize="vertical"
        value={text ?? note}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group>
        <Button
          variant="default"
          disabled={text === null || text === note}
          loading={save.isPending}
          onClick={() => save.mutate({ id, text: text ?? '' })}
        >
          Save note
        </Button>
        {text !== null && text === note && save.isSuccess && (
          <Text size="xs" c="dimmed" role="status">
            Saved.
          </Text>
        )}
        {failed && (
          <Text size="sm" c="red" role="alert">
            {failed.error?.message}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
