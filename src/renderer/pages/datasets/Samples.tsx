/** Samples of a task as the model sees them, from the test or training split. */
import { Card, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ExperimentConfig } from '#contract/config';
import type { DataSamples } from '#contract/data';
import { countText, plural } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { rangeOf } from './picture.ts';
import { SampleView } from './SampleView.tsx';

const splits = [
  { value: 'test', label: 'Test' },
  { value: 'train', label: 'Training' },
] as const;
const shown = 8;

export function Samples({ title, config }: { title: string; config: ExperimentConfig }) {
  const trpc = useTRPC();
  const [split, setSplit] = useState<'train' | 'test'>('test');
  const samples = useQuery(trpc.data.samples.queryOptions({ config, split, count: shown }));
  return (
    <Card withBorder component="section" aria-label="Samples">
      <Group justify="space-between" mb="xs">
        <Group gap="sm" align="baseline">
          <Title order={2}>Samples of {title}</Title>
          {samples.data && (
            <Text size="sm" c="dimmed">
              {describe(samples.data)}
            </Text>
          )}
        </Group>
        <SegmentedControl
          size="xs"
          aria-label="Split"
          data={[...splits]}
          value={split}
          onChange={(value) => setSplit(value as typeof split)}
        />
      </Group>
      {samples.isPending && <Loading what="the samples" />}
      {samples.isError && (
        <ErrorState
          title="The samples could not be read"
          error={samples.error}
          onRetry={() => void samples.refetch()}
        />
      )}
      {samples.data && <Drawn data={samples.data} />}
    </Card>
  );
}

function Drawn({ data }: { data: DataSamples }) {
  const range = rangeOf(data.samples);
  const views = Object.entries(data.samples).map(([number, sample]) => (
    <SampleView key={number} data={data} sample={sample} range={range} />
  ));
  return data.kind === 'symbols' || data.kind === 'sound' ? (
    <Stack gap="md">{views}</Stack>
  ) : (
    <Group gap="lg" align="flex-start">
      {views}
    </Group>
  );
}

const whats: Record<DataSamples['kind'], (width: number) => string> = {
  image: (width) => `${countText(width)} pixel values each, stretched to full contrast`,
  sound: (width) => `${countText(width)} sound samples each`,
  values: (width) => `rows of ${countText(width)} values, the lowest black and the highest white`,
  symbols: () => 'one symbol each',
};
const describe = ({ kind, tokens, width }: DataSamples): string => `${plural(tokens, 'token')}: ${whats[kind](width)}`;
