/** The files that a run continues from, and the weights to use elsewhere. */
import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { modelFormats } from '#contract/analysis';
import { bytesText, dateTimeText } from '#contract/format';
import type { CheckpointFile } from '#contract/runRow';
import { saveDownload } from '../../client/download.ts';
import { useTRPC } from '../../client/trpc.ts';
import { CopyText } from '../../components/CopyText.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { attempt } from '../../components/notify.tsx';

const kinds: Record<CheckpointFile['kind'], { name: string; use: string }> = {
  checkpoint: { name: 'Checkpoint', use: 'to continue from' },
  best: { name: 'Best weights', use: 'to use elsewhere' },
};

export function Checkpoints({ id }: { id: string }) {
  const trpc = useTRPC();
  const files = useQuery(trpc.runs.checkpoints.queryOptions({ id }));
  if (files.isPending) return <Loading what="checkpoints" />;
  if (files.isError)
    return (
      <ErrorState title="The run’s folder cannot be read" error={files.error} onRetry={() => void files.refetch()} />
    );
  if (files.data.length === 0)
    return (
      <Text size="sm" c="dimmed">
        None yet. The run writes the first one at the end of its first iteration, or when you pause it.
      </Text>
    );
  return (
    <Stack gap="sm">
      <Table aria-label="Checkpoints" fz="sm" horizontalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>File</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>Size</Table.Th>
            <Table.Th>Written</Table.Th>
            <Table.Th>Path</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {files.data.map(({ kind, made, bytes: size, at, path }) => (
            <Table.Tr key={path}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                {kinds[kind].name}
                <Text size="xs" c="dimmed">
                  {kinds[kind].use}
                </Text>
              </Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{made}</Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{bytesText(size)}</Table.Td>
              <Table.Td>{dateTimeText(at)}</Table.Td>
              <Table.Td>
                <CopyText text={path} size="compact-xs" title={path}>
                  Copy path
                </CopyText>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <SaveModel id={id} />
    </Stack>
  );
}

/** Buttons that save the best weights for use elsewhere. The app checks the file first, which may take a while. */
function SaveModel({ id }: { id: string }) {
  const save = (format: string) =>
    attempt('The network was not saved', () => saveDownload(`/download/model.${format}?id=${encodeURIComponent(id)}`));
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        The trained network, best weights:
      </Text>
      {modelFormats.map((format) => (
        <Button key={format} size="compact-sm" variant="default" onClick={() => void save(format)}>
          {formats[format]}
        </Button>
      ))}
    </Group>
  );
}

const formats: Record<(typeof modelFormats)[number], string> = { onnx: 'ONNX', safetensors: 'safetensors' };
