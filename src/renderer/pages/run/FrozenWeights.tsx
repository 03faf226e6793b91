/** Shows by their hashes whether training left the frozen weights unchanged. */
import { Alert, Button, Code, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { countText, dateTimeText } from '#contract/format';
import { changedTensors, type FrozenProof, frozenValues } from '#contract/frozen';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';

export function FrozenWeights({ id }: { id: string }) {
  const trpc = useTRPC();
  const proof = useQuery(trpc.runs.frozen.queryOptions({ id }));
  const [shown, setShown] = useState(false);
  if (proof.isPending) return <Loading what="hashes" />;
  if (proof.isError)
    return <ErrorState title="The hashes cannot be read" error={proof.error} onRetry={() => void proof.refetch()} />;
  if (!proof.data)
    return (
      <Text size="sm" c="dimmed">
        No hashes yet. Runs that freeze weights hash them at the start.
      </Text>
    );
  return (
    <Stack gap="xs" align="flex-start">
      <Verdict proof={proof.data} />
      <Button size="compact-sm" variant="default" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {shown ? 'Hide the hashes' : 'Show the hashes'}
      </Button>
      {shown && <Hashes proof={proof.data} />}
    </Stack>
  );
}

function Verdict({ proof }: { proof: FrozenProof }) {
  const { tensors, checked, hashedAt } = proof;
  const changed = changedTensors(proof);
  const what = `${countText(tensors.length)} frozen tensors, ${countText(frozenValues(proof))} values`;
  if (changed.length > 0)
    return (
      <Alert color="red" title={`${changed.length} frozen tensors changed during the run`}>
        {changed.map(({ name }) => name).join(', ')}. Do not trust this run: the file of its body was changed.
      </Alert>
    );
  return (
    <Text size="sm">
      {checked ? (
        <>
          <Text span inherit fw={600}>
            Unchanged.
          </Text>{' '}
          {what}: the SHA-256 of each is the same before the first step and after step {countText(checked.step)}, read
          back through the device.
        </>
      ) : (
        `${what}, hashed ${dateTimeText(hashedAt)}, before the first step. They are hashed again when the run ends or pauses.`
      )}
    </Text>
  );
}

/** The start of a hash; its tooltip and `permafrost frozen ID --json` have all of it. */
const short = (hash: string) => <Code title={hash}>{hash.slice(0, 8)}</Code>;

const Hashes = ({ proof }: { proof: FrozenProof }) => (
  <ScrollArea.Autosize
    mah={320}
    type="auto"
    offsetScrollbars="y"
    w="100%"
    viewportProps={{ tabIndex: 0, 'aria-label': 'Hashes' }}
  >
    <Table aria-label="Hashes of frozen weights" fz={11} verticalSpacing={2} horizontalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Tensor</Table.Th>
          <Table.Th>Shape</Table.Th>
          <Table.Th>Before</Table.Th>
          <Table.Th>After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {proof.tensors.map(({ name, shape, before, after }) => (
          <Table.Tr key={name} c={after !== null && after !== before ? 'red' : undefined}>
            <Table.Td ff="monospace">{name}</Table.Td>
            <Table.Td style={{ whiteSpace: 'nowrap' }}>{shape.join(' × ')}</Table.Td>
            <Table.Td>{short(before)}</Table.Td>
            <Table.Td>{after === null ? '' : short(after)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </ScrollArea.Autosize>
);
