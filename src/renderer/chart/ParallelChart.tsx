/** Parallel coordinates: shows the line under the pointer or chosen by keys, and saves files. */
import { Anchor, Box, Group, Text, Title, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react';
import { csvLine } from '#formats/csv';
import { attempt } from '../components/notify.tsx';
import { type DrawnLine, leastPictureWidth, ParallelPicture } from './ParallelPicture.tsx';
import { coordinateText, type Dimension, placedAxis, resultAxis } from './parallel.ts';
import { pngOf } from './png.ts';
import { SaveMenu } from './SaveMenu.tsx';
import { saveFile } from './save.ts';

interface ParallelChartProps {
  title: string;
  /** A line per element; `path` is the page of the element. */
  lines: readonly { id: string; label: string; path: string | null }[];
  dimensions: readonly Dimension[];
  result: { label: string; values: readonly (number | null)[]; best: 'high' | 'low'; text(value: number): string };
  /** More controls, right of the title. */
  children?: ReactNode;
}

const axisHeight = 260;
/** Size of a saved picture in pixels. */
const fileWidth = 900;

export function ParallelChart({ title, lines, dimensions, result, children }: ParallelChartProps) {
  const scheme = useComputedColorScheme('light');
  const { ref, width } = useElementSize();
  const [hovered, setHovered] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const axes = useMemo(
    () => [
      ...dimensions.map((dimension) => placedAxis(dimension, axisHeight)),
      resultAxis(result.label, result.values, axisHeight),
    ],
    [dimensions, result],
  );
  const drawn = useMemo(() => {
    const shares = sharesOf(result.values, result.best);
    return lines.map(({ id, label }, i): DrawnLine => ({ id, label, share: shares[i] }));
  }, [lines, result]);
  const ranked = useMemo(() => [...drawn].sort((a, b) => (b.share ?? -1) - (a.share ?? -1)), [drawn]);

  const at = hovered ?? chosen;
  const rank = ranked.findIndex(({ id }) => id === at);
  const line = lines.findIndex(({ id }) => id === at);
  const textOf = (i: number): string => {
    const value = result.values[i];
    const settings = dimensions.map(({ label, values }) => `${label} ${coordinateText(values[i])}`);
    const found = value === null ? `no ${result.label.toLowerCase()} yet` : `${result.label} ${result.text(value)}`;
    return [lines[i].label, ...settings, found].join(' · ');
  };

  const choose = (next: number) => setChosen(ranked[Math.max(0, Math.min(ranked.length - 1, next))].id);
  const keys: Record<string, () => void> = {
    ArrowDown: () => choose(rank + 1),
    ArrowUp: () => choose(rank < 0 ? 0 : rank - 1),
    Home: () => choose(0),
    End: () => choose(ranked.length - 1),
    Escape: () => setChosen(null),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!Object.hasOwn(keys, event.key) || event.target !== event.currentTarget) return;
    event.preventDefault();
    keys[event.key]();
  };

  const csv = () => {
    const header = ['run', ...dimensions.map(({ label }) => label), result.label];
    const records = lines.map(({ label }, i) => [
      label,
      ...dimensions.map(({ values }) => values[i]),
      result.values[i],
    ]);
    const text = [header, ...records].map(csvLine).join('');
    saveFile(`${title}.csv`, text, 'text/csv');
  };
  const file = async (colors: 'light' | 'dark') => {
    const { renderToStaticMarkup } = await import('react-dom/server');
    const size = Math.max(fileWidth, leastPictureWidth(axes));
    const picture = {
      axes,
      lines: drawn,
      width: size,
      height: axisHeight,
      scheme: colors,
      at: null,
      title,
      isFile: true,
    };
    return renderToStaticMarkup(<ParallelPicture {...picture} />);
  };
  const save = (work: () => Promise<void>) => void attempt('The file could not be saved', work);
  const svg = async () => saveFile(`${title}.svg`, await file('light'), 'image/svg+xml');
  const png = async () => {
    const picture = await file(scheme);
    const [, w, h] = /width="([\d.]+)" height="([\d.]+)"/.exec(picture)!;
    saveFile(`${title}.png`, await pngOf({ svg: picture, width: Number(w), height: Number(h) }));
  };

  return (
    <Box component="section" aria-label={title}>
      <Group justify="space-between" mb={4} gap="xs">
        <Title order={3}>{title}</Title>
        <Group gap={4}>
          {children}
          <SaveMenu
            title={title}
            numbers="a line per record"
            onCsv={csv}
            onPng={() => save(png)}
            onSvg={() => save(svg)}
          />
        </Group>
      </Group>
      <Box
        ref={ref}
        role="slider"
        tabIndex={0}
        aria-label={`${title}: lines from the best to the worst`}
        aria-orientation="vertical"
        aria-valuemin={1}
        aria-valuemax={lines.length}
        aria-valuenow={rank < 0 ? 1 : rank + 1}
        aria-valuetext={line < 0 ? 'none' : textOf(line)}
        style={{ overflowX: 'auto' }}
        onKeyDown={onKeyDown}
      >
        <ParallelPicture
          title={title}
          axes={axes}
          lines={drawn}
          width={width}
          height={axisHeight}
          scheme={scheme}
          at={at}
          onHover={setHovered}
          onChoose={setChosen}
        />
      </Box>
      <Text size="xs" c="dimmed" mt={4} mih={18}>
        {line < 0 ? aboutText(drawn, result) : textOf(line)}
        {line >= 0 && lines[line].path && (
          <>
            {' '}
            <Anchor component={Link} to={lines[line].path} inherit>
              Open
            </Anchor>
          </>
        )}
      </Text>
    </Box>
  );
}

/** The rank of each result among all, from 0 (worst) to 1 (best). */
function sharesOf(values: readonly (number | null)[], best: 'high' | 'low'): (number | null)[] {
  const numbers = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return values.map((value) => {
    if (value === null) return null;
    const share = high > low ? (value - low) / (high - low) : 1;
    return best === 'high' ? share : 1 - share;
  });
}

function aboutText(lines: readonly DrawnLine[], { label }: { label: string }): string {
  const without = lines.filter(({ share }) => share === null).length;
  const missing =
    without > 0 ? ` ${without} of ${lines.length} have none yet: their lines are dashed and end before it.` : '';
  return `Yellow is the best ${label.toLowerCase()}, violet the worst.${missing} Point at a line, or press the arrow keys, to read it.`;
}
