/** The user's tags and note on a run. */
import { Stack, TagsInput, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTRPC } from '../../client/trpc.ts';
import { NoteField } from '../../components/NoteField.tsx';

interface NotesProps {
  id: string;
  tags: string[];
  note: string;
}

export function Notes({ id, tags, note }: NotesProps) {
  const trpc = useTRPC();
  const tag = useMutation(trpc.runs.tag.mutationOptions());
  return (
    <Stack gap="sm">
      <TagsInput
        label="Tags"
        placeholder="Type a tag and press Enter"
        value={tag.isPending ? [...tags, ...tag.variables.add].filter((t) => !tag.variables.remove?.includes(t)) : tags}
        onChange={(next) =>
          tag.mutate({
            id,
            add: next.filter((one) => !tags.includes(one)),
            remove: tags.filter((one) => !next.includes(one)),
          })
        }
      />
      {tag.isError && (
        <Text size="sm" c="red" role="alert">
          {tag.error.message}
        </Text>
      )}
      <NoteField key={id} run={id} note={note} label="Note" placeholder="Why this run? What did it show?" />
    </Stack>
  );
}
