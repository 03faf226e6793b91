/** One attention map: a cell for every pair of tokens, and a sentence about the cell under the pointer. */
import { Box, Text, useComputedColorScheme } from '@mantine/core';
import { type PointerEvent, type RefObject, useEffect, useState } from 'react';
import { percentText } from '#contract/format';
import { cellAt, heatmapLayout, paint } from './heatmap.ts';

interface AttentionMapProps {
  /** [t, t], a row per query token. */
  map: Float32Array;
  tokens: readonly string[];
  title: string;
  canvas: RefObject<HTMLCanvasElement | null>;
}

/** Sharp on screens of high density, and in the saved picture. */
const density = 2;

export function AttentionMap({ map, tokens, title, canvas }: AttentionMapProps) {
  const scheme = useComputedColorScheme('light');
  const [pointed, setPointed] = useState<[number, number] | null>(null);
  const layout = heatmapLayout(tokens);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    context.setTransform(density, 0, 0, density, 0, 0);
    paint(context, map, tokens, layout, scheme);
  });
  const point = ({ nativeEvent: { offsetX, offsetY } }: PointerEvent) =>
    setPointed(cellAt(layout, tokens.length, offsetX, offsetY));
  return (
    <Box maw="100%">
      <Box maw="100%" style={{ overflow: 'auto' }}>
        <canvas
          ref={canvas}
          width={density * layout.width}
          height={density * layout.height}
          style={{ width: layout.width, height: layout.height, display: 'block' }}
          role="img"
          aria-label={title}
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        />
      </Box>
      <Text size="xs" c="dimmed" mt={6}>
        {pointed
          ? inWords(map, tokens, pointed)
          : 'Rows are the tokens that attend (queries), columns the tokens attended to (keys). Point at a cell to read it.'}
      </Text>
    </Box>
  );
}

const inWords = (map: Float32Array, tokens: readonly string[], [row, column]: [number, number]): string =>
  `Token ${row} (${tokens[row]}) attends to token ${column} (${tokens[column]}) with weight ${percentText(map[row * tokens.length + column], 3)}.`;
