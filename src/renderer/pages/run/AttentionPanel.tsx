/** The attention maps of a test sample, for each layer and head, at any checkpoint of the run. */
import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, Text, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useRef, useState } from 'react';
import { type AttentionLayer, checkpointNames, headMap, layerWeights } from '#contract/analysis';
import { countText, numberText } from '#contract/format';
import { mapCsv } from '#formats/mapCsv';
import { saveFile } from '../../chart/save.ts';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { type Fact, Facts } from '../../components/Facts.tsx';
import { Loading } from '../../components/Loading.tsx';
import { rangeOf } from '../datasets/picture.ts';
import { SampleView } from '../datasets/SampleView.tsx';
import { AttentionMap } from './AttentionMap.tsx';
import { AttentionOverImage } from './AttentionOverImage.tsx';

type Checkpoint = (typeof checkpointNames)[number];

const checkpoints = { start: 'Start', best: 'Best', last: 'Last' } satisfies Record<Checkpoint, string>;
const mean = 'mean';

export function AttentionPanel({ id, metric }: { id: string; metric: string }) {
  const trpc = useTRPC();
  const [isAsked, setAsked] = useState(false);
  const [checkpoint, setCheckpoint] = useState<Checkpoint>('best');
  const [sample, setSample] = useState(0);
  const [layer, setLayer] = useState(0);
  const [head, setHead] = useState<number | typeof mean>(mean);
  const canvas = useRef<HTMLCanvasElement>(null);
  const maps = useQuery(
    trpc.analysis.attention.queryOptions(
      { id, checkpoint, sample, layer },
      { enabled: isAsked, placeholderData: keepPreviousData, retry: false },
    ),
  );
  if (!isAsked)
    return (
      <Stack gap="xs" align="flex-start">
        <Text size="sm" c="dimmed">
          Shows which tokens each token attends to. A separate process computes the maps in a few seconds.
        </Text>
        <Button variant="default" onClick={() => setAsked(true)}>
          Show the maps
        </Button>
      </Stack>
    );
  const { data } = maps;
  const map = data && headMap(layerWeights(data), data.heads, head);
  const name = `${id}-attention-${checkpoint}-sample${sample}-layer${layer}-${head === mean ? mean : `head${head}`}`;
  return (
    <Stack gap="sm">
      <Group gap="md" align="flex-end">
        <Labelled label="Checkpoint">
          <SegmentedControl
            size="xs"
            aria-label="Checkpoint"
            data={checkpointNames.map((value) => ({ value, label: checkpoints[value] }))}
            value={checkpoint}
            onChange={(value) => setCheckpoint(value as Checkpoint)}
          />
        </Labelled>
        <Select
          {...{ size: 'xs', w: 90, label: 'Layer', allowDeselect: false }}
          data={numbers(data?.layers ?? 1)}
          value={String(layer)}
          onChange={(value) => setLayer(Number(value))}
        />
        <Select
          {...{ size: 'xs', w: 130, label: 'Head', allowDeselect: false }}
          data={[{ value: mean, label: 'Mean of heads' }, ...numbers(data?.heads ?? 0)]}
          value={String(head)}
          onChange={(value) => setHead(value === mean ? mean : Number(value))}
        />
        <Labelled label="Test sample">
          <Group gap={2} h={30}>
            <Step label="Previous sample" Icon={IconChevronLeft} to={sample - 1} onStep={setSample} />
            <Text size="sm" miw={28} ta="center" aria-live="polite">
              {countText(sample)}
            </Text>
            <Step label="Next sample" Icon={IconChevronRight} to={sample + 1} onStep={setSample} />
          </Group>
        </Labelled>
        {map && (
          <Group gap="xs">
            <Button
              variant="default"
              onClick={() => saveFile(`${name}.csv`, [...mapCsv(map, data.tokens)].join(''), 'text/csv')}
            >
              CSV
            </Button>
            <Button
              variant="default"
              onClick={() => canvas.current?.toBlob((blob) => blob && saveFile(`${name}.png`, blob))}
            >
              PNG
            </Button>
          </Group>
        )}
      </Group>
      {maps.isPending && <Loading what="the attention maps" />}
      {maps.isError && (
        <ErrorState
          title="The attention maps could not be computed"
          error={maps.error}
          onRetry={() => void maps.refetch()}
        />
      )}
      {map && !maps.isError && (
        <Group gap="xl" align="flex-start" style={{ opacity: maps.isPlaceholderData ? 0.6 : 1 }}>
          <AttentionMap
            map={map}
            tokens={data.tokens}
            title={`Attention of layer ${data.layer}, ${head === mean ? 'mean of all heads' : `head ${head}`}, over ${data.tokens.length} tokens`}
            canvas={canvas}
          />
          <Answer found={data} metric={metric} />
        </Group>
      )}
      {data && !maps.isError && <AttentionOverImage found={data} />}
    </Stack>
  );
}

function Answer({ found, metric }: { found: AttentionLayer; metric: string }) {
  const { checkpoint, data, answer, answerLabel, score } = found;
  const [sample] = data.samples;
  const rows: Fact[] = [
    ['Weights', `${checkpoints[checkpoint.name].toLowerCase()}, step ${countText(checkpoint.step)}`],
    ['Correct answer', sample.label || shortly(sample.y)],
    ['Network’s answer', answerLabel || shortly(answer)],
    [metric === 'mae' ? 'Absolute error' : 'Accuracy', numberText(score)],
  ];
  return (
    <Stack gap="sm" maw={420} miw={0}>
      <SampleView data={data} sample={sample} range={rangeOf(data.samples)} />
      <Facts rows={rows} />
    </Stack>
  );
}

function Step({
  label,
  Icon,
  to,
  onStep,
}: {
  label: string;
  Icon: typeof IconChevronLeft;
  to: number;
  onStep(to: number): void;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} disabled={to < 0} onClick={() => onStep(to)}>
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

const Labelled = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <Text size="xs" fw={600} mb={2} aria-hidden>
      {label}
    </Text>
    {children}
  </div>
);

const numbers = (n: number) => Array.from({ length: n }, (_, i) => String(i));
const shortly = (values: readonly number[]): string =>
  `${values
    .slice(0, 24)
    .map((value) => numberText(value))
    .join(' ')}${values.length > 24 ? ' …' : ''}`;
