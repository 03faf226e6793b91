/** One sample as the model sees it. */
import { Badge, Box, Code, Group, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { DataSamples } from '#contract/data';
import { gridOf, pictureOf, type Range, scaleOf, wavePath, wordsOf } from './picture.ts';

interface SampleViewProps {
  data: DataSamples;
  sample: DataSamples['samples'][number];
  /** Of all samples that are shown together. */
  range: Range;
}

export function SampleView({ data, sample, range }: SampleViewProps) {
  const { label, y, text, x } = sample;
  const Drawing = drawings[data.kind];
  const answer = label || shortly(y);
  return (
    <Stack component="figure" gap={4} m={0} maw="100%">
      <Drawing data={data} x={x} range={range} title={`Sample of ${answer}`} />
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
  x: readonly number[];
  range: Range;
  title: string;
}

function Pixels({ data, x, range, title }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const grid = gridOf(data);
  const { scale, gap } = scaleOf(grid, data.kind === 'image' ? 140 : 320);
  const { width, height, rgba } = pictureOf(x, grid, { ...range, scale, gap });
  const tall = Math.max(height, 8 * grid.rows); // lines of a thousand values would be a hair each
  useEffect(() => canvas.current?.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0));
  return (
    <Box maw="100%" style={{ overflow: 'auto' }}>
      <canvas
        className="pixels"
        ref={canvas}
        width={width}
        height={height}
        style={{ width, height: tall }}
        role="img"
        aria-label={title}
      />
    </Box>
  );
}

const columns = 500;

function Wave({ data: { tokens }, x, title }: DrawingProps) {
  const edges = Array.from({ length: tokens - 1 }, (_, i) => `M${((i + 1) * columns) / tokens} 0V2`).join('');
  return (
    <svg className="wave" viewBox={`0 0 ${columns} 2`} preserveAspectRatio="none" role="img" aria-label={title}>
      <path className="wave-edges" d={edges} />
      <path d={wavePath(x, columns)} />
    </svg>
  );
}

function Words({ data: { symbols }, x, title }: DrawingProps) {
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

const drawings = { image: Pixels, values: Pixels, sound: Wave, symbols: Words } satisfies Record<
  DataSamples['kind'],
  unknown
>;

const shortly = (values: readonly number[]): string =>
  `${values.slice(0, 16).join(' ')}${values.length > 16 ? ' …' : ''}`;
