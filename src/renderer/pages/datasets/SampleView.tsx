/** One sample as the model sees it. */
import { Badge, Box, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import type { DataSamples } from '#contract/data';
import { PictureCanvas } from './PictureCanvas.tsx';
import { pictureOf, scaleOf, tokenGrid, type ValueRange, wavePath, wordsOf } from './picture.ts';

interface SampleViewProps {
  data: DataSamples;
  sample: DataSamples['samples'][number];
  /** Least and greatest value of all samples on the page. */
  range: ValueRange;
}

export function SampleView({ data, sample, range }: SampleViewProps) {
  const { label, y, text } = sample;
  const Drawing = drawings[data.kind];
  const answer = label || shortly(y);
  return (
    <Stack component="figure" gap={4} m={0} maw="100%" w={data.kind === 'sound' ? '100%' : undefined}>
      <Drawing data={data} sample={sample} range={range} title={`Sample of ${answer}`} />
      <Group component="figcaption" gap={6} wrap="nowrap">
        <Badge color="gray" miw={0}>
          {answer}
        </Badge>
        {text && <Code style={{ overflowWrap: 'anywhere' }}>{text}</Code>}
      </Group>
    </Stack>
  );
}

interface DrawingProps {
  data: DataSamples;
  sample: DataSamples['samples'][number];
  range: ValueRange;
  title: string;
}

function Pixels({ data, sample: { x }, range, title }: DrawingProps) {
  const grid = tokenGrid(data);
  const { scale, gap } = scaleOf(grid, data.kind === 'image' ? 140 : 320);
  const picture = pictureOf(x, grid, { ...range, scale, gap });
  const tall = Math.max(picture.height, 8 * grid.rows); // at least 8 pixels per row, or rows of a thousand values would be hairlines
  return (
    <Box maw="100%" style={{ overflow: 'auto' }}>
      <PictureCanvas picture={picture} style={{ width: picture.width, height: tall }} title={title} />
    </Box>
  );
}

const columns = 500;

function Sound({ data: { tokens }, sample: { x, spectrogram }, title }: DrawingProps) {
  const edges = Array.from({ length: tokens - 1 }, (_, i) => `M${((i + 1) * columns) / tokens} 0V2`).join('');
  const pitches = spectrogram && tokenGrid({ kind: 'values', tokens: spectrogram.rows, width: spectrogram.columns });
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
      <svg className="wave" viewBox={`0 0 ${columns} 2`} preserveAspectRatio="none" role="img" aria-label={title}>
        <path className="wave-edges" d={edges} />
        <path d={wavePath(x, columns)} />
      </svg>
      {pitches && (
        <PictureCanvas
          picture={pictureOf(spectrogram.levels, pitches, { low: 0, high: 255, scale: 1, gap: 0 })}
          style={{ width: '100%', height: 72, boxSizing: 'border-box' }}
          title={`Spectrogram: ${title}; high frequencies on top, loud ones bright`}
        />
      )}
    </SimpleGrid>
  );
}

function Words({ data: { symbols }, sample: { x }, title }: DrawingProps) {
  const { words, padding } = wordsOf(x, symbols);
  return (
    <Box className="words" role="group" aria-label={title} tabIndex={0}>
      {words.join(' ')}
      {padding > 0 && (
        <Text span inherit c="dimmed">
          {' '}
          and {padding} that pad it
        </Text>
      )}
    </Box>
  );
}

const drawings = { image: Pixels, values: Pixels, sound: Sound, symbols: Words } satisfies Record<
  DataSamples['kind'],
  unknown
>;

const shortly = (values: readonly number[]): string =>
  `${values.slice(0, 16).join(' ')}${values.length > 16 ? ' …' : ''}`;
