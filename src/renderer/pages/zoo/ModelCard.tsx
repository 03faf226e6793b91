/** One model: facts, a picture of what each regime trains, whether that fits into memory, and actions. */
import { Alert, Anchor, Button, Group, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { IconAlertTriangle, IconFlask2, IconShieldCheck, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { parseConfig } from '#contract/config';
import { bytesText, countText, percentText } from '#contract/format';
import { type Regime, regimes } from '#contract/regime';
import type { PullState, ZooModel } from '#contract/zoo';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { type Fact, Facts } from '../../components/Facts.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { Section } from '../../components/Section.tsx';
import { NetworkPicture } from '../newRun/NetworkPicture.tsx';
import { blockCount, networkParts } from '../newRun/network.ts';
import { FitText } from './FitText.tsx';
import { ModelState } from './ModelState.tsx';
import type { ZooActions } from './useZooActions.ts';

interface ModelCardProps {
  model: ZooModel;
  pull: PullState | undefined;
  batch: number;
  actions: ZooActions;
}

export function ModelCard({ model, pull, batch, actions }: ModelCardProps) {
  const { name, state, origin } = model;
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    await actions.verify(name);
    setBusy(false);
  };
  const canRemove = origin === 'added' || (origin === 'published' && model.diskBytes > 0);
  return (
    <Stack gap="md">
      <Group gap="xs">
        <LinkButton to="/new" search={{ model: name }} variant="filled" leftSection={<IconFlask2 size={15} />}>
          Use in a new run
        </LinkButton>
        {state === 'here' && (
          <Button
            variant="default"
            leftSection={<IconShieldCheck size={15} />}
            loading={busy}
            onClick={() => void verify()}
          >
            Verify
          </Button>
        )}
        {canRemove && (
          <Button
            variant="default"
            leftSection={<IconTrash size={15} />}
            disabled={pull?.state === 'running'}
            onClick={() => void actions.remove(name)}
          >
            Remove
          </Button>
        )}
        <ModelState model={model} pull={pull} actions={actions} />
      </Group>
      {pull?.state === 'failed' && pull.error && (
        <ErrorState
          title={`${name} could not be fetched`}
          error={pull.error.message}
          onRetry={() => void actions.pull(name)}
        />
      )}
      {model.warnings.map((warning) => (
        <Alert key={warning} color="yellow" variant="light" icon={<IconAlertTriangle size={16} />} py={6}>
          {warning}
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Section title="Facts">
          <ModelFacts model={model} />
        </Section>
        <Section title="What each regime trains">
          <Regimes model={model} batch={batch} />
        </Section>
      </SimpleGrid>
    </Stack>
  );
}

function ModelFacts({ model }: { model: ZooModel }) {
  const { layers, width, heads, positions, source, revision } = model;
  const page = pageOf(model);
  const link = page && (
    <Anchor href={page} target="_blank" rel="noreferrer" inherit>
      {source}
    </Anchor>
  );
  const rows: Fact[] = [
    ['Source', link ?? source],
    ['Family', model.family],
    ['Body', `${layers} layers × ${width}, ${heads} heads`],
    ['Longest sequence', `${countText(positions)} tokens`],
    ['Parameters', countText(model.parameters.body)],
    ['Language', model.language],
    ['Licence', model.licence ?? 'none stated'],
    ['Precision', model.precision === 'F16' ? '16 bits, converted to 32' : '32 bits'],
    ['Download', model.downloadBytes === null ? 'size unknown' : bytesText(model.downloadBytes)],
    ['On disk', bytesText(model.diskBytes)],
    ['Also called', model.aliases.join(', ')],
    ['Revision', revision],
    ['File', model.path],
  ];
  return <Facts rows={rows} />;
}

/** The web page of the model. */
function pageOf({ origin, source, revision }: ZooModel): string | null {
  if (origin === 'embedded') return null;
  if (source.startsWith('https://')) return source;
  return revision === null ? null : `https://huggingface.co/${source}`;
}

/** Regimes in the order in which the paper compares them. */
const names = Object.keys(regimes) as Regime[];
const isFrozen = (regime: Regime): boolean => regime === 'FPT' || regime === 'FRT';

function Regimes({ model, batch }: { model: ZooModel; batch: number }) {
  const trpc = useTRPC();
  const [regime, setRegime] = useState<Regime>('FPT');
  const fitAt = (frozen: boolean) => trpc.zoo.fit.queryOptions({ names: [model.name], batch, frozen });
  const [frozen, unfrozen] = [useQuery(fitAt(true)), useQuery(fitAt(false))];
  const { frozen: few, unfrozen: all } = model.parameters; // all: input and output networks included
  return (
    <Stack gap="xs">
      <Table fz="sm" verticalSpacing={4} aria-label="Regimes">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Regime</Table.Th>
            <Table.Th ta="right">Trained</Table.Th>
            <Table.Th ta="right">Share</Table.Th>
            <Table.Th>At batch {batch}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map((name) => {
            const free = isFrozen(name) ? few : all;
            return (
              <Table.Tr key={name}>
                <Table.Td>
                  <Button
                    size="compact-xs"
                    variant={name === regime ? 'light' : 'default'}
                    aria-pressed={name === regime}
                    title={regimes[name]}
                    onClick={() => setRegime(name)}
                  >
                    {name}
                  </Button>
                </Table.Td>
                <Table.Td ta="right">{countText(free)}</Table.Td>
                <Table.Td ta="right">{percentText(free / all, 3)}</Table.Td>
                <Table.Td>
                  <FitText fit={(isFrozen(name) ? frozen : unfrozen).data?.[0]} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        {regimes[regime]} Counted on {model.countedOn.task}
        {model.countedOn.patch_size ? ` in patches of ${model.countedOn.patch_size}` : ''}, input and output networks
        included.
      </Text>
      <Network model={model} regime={regime} />
    </Stack>
  );
}

function Network({ model, regime }: { model: ZooModel; regime: Regime }) {
  const trpc = useTRPC();
  const config = parseConfig({
    ...{ ...model.countedOn, model_name: model.name },
    ...{ freeze_trans: isFrozen(regime), pretrained: regime === 'FPT' || regime === 'UPT' },
  });
  const estimate = useQuery({ ...trpc.config.estimate.queryOptions({ config }), placeholderData: (old) => old });
  if (estimate.isError) return <ErrorState title="The network cannot be drawn" error={estimate.error} />;
  if (!estimate.data) return null;
  return (
    <NetworkPicture
      parts={networkParts(estimate.data.groups)}
      blocks={blockCount(estimate.data.groups)}
      body={model.name}
      bodyFrozen={config.freeze_trans}
    />
  );
}
