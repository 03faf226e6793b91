/** A data set's files, and the result of comparing them with their published sizes and digests. */
import { Alert, Anchor, Button, Card, Group, Table, Text, Title } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { DatasetInfo, FileCheck } from '#contract/data';
import { bytesText } from '#contract/format';
import type { Tone } from '#pictures/colors';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { toneColor } from '../../theme.ts';

const results: Record<FileCheck['result'], { text: string; tone: Tone }> = {
  ok: { text: 'matches', tone: 'good' },
  differs: { text: 'differs', tone: 'bad' },
  missing: { text: 'missing', tone: 'warning' },
  unchecked: { text: 'nothing to compare with', tone: 'waiting' },
};

export function DatasetFiles({ dataset: { name, files, state } }: { dataset: DatasetInfo }) {
  const trpc = useTRPC();
  const checked = useQuery({ ...trpc.data.verify.queryOptions({ name }), enabled: false });
  const checks = new Map(checked.data?.map((check) => [check.name, check]));
  if (files.length === 0) return null;
  return (
    <Card withBorder component="section" aria-label="Files">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Files</Title>
        <Button
          variant="default"
          leftSection={<IconShieldCheck size={15} />}
          disabled={state === 'absent'}
          loading={checked.isFetching}
          onClick={() => void checked.refetch()}
        >
          Verify
        </Button>
      </Group>
      {checked.isError && <ErrorState title={`${name} could not be verified`} error={checked.error} />}
      {checked.data?.some(({ result }) => result === 'differs') && (
        <Alert color="red" variant="light" py={6} mb="xs">
          Some files are not the official ones. Remove the data set and fetch it again, unless you changed them on
          purpose.
        </Alert>
      )}
      <Table fz="sm" verticalSpacing={4} aria-label="Files">
        <Table.Tbody>
          {files.map((file) => {
            const check = checks.get(file.name);
            return (
              <Table.Tr key={file.name}>
                <Table.Td>
                  <Anchor href={file.url} target="_blank" rel="noreferrer" inherit>
                    {file.name}
                  </Anchor>
                </Table.Td>
                <Table.Td ta="right">{file.bytes === null ? '' : bytesText(file.bytes)}</Table.Td>
                <Table.Td maw={360}>
                  {check && (
                    <Text inherit truncate title={check.text}>
                      <Text span inherit c={toneColor(results[check.result].tone)}>
                        {results[check.result].text}
                      </Text>
                      {`: ${check.text}`}
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
