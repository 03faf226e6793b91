/** The table as a forest plot, as wide as the page and in its colours. */
import { Box, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useMemo } from 'react';
import type { TableState } from '#contract/tableState';
import type { Ink } from '#pictures/colors';
import { forestPlot } from '#pictures/forestPlot';
import type { TestCurves } from '#pictures/stepCurves';
import { SvgView } from '../../chart/SvgView.tsx';
import { toneColor } from '../../theme.ts';
import { useTestCurves } from './useTestCurves.ts';

/** Follows the colour scheme by itself, so that a print is light. */
const pageInk: Ink = {
  ...{ text: 'var(--mantine-color-text)', dim: 'var(--mantine-color-dimmed)', line: 'var(--permafrost-line)' },
  ...{ head: 'var(--permafrost-surface)', ground: 'var(--mantine-color-body)' },
  tone: toneColor,
};
/** Below this the page scrolls the picture, since texts would meet. */
const least = 560;
const most = 1200;
const noCurves: TestCurves = new Map();

export function ForestView({ state }: { state: TableState }) {
  const { ref, width } = useElementSize();
  const curves = useTestCurves(state);
  const shown = Math.min(most, Math.max(least, Math.floor(width)));
  const plot = useMemo(
    () => forestPlot(state, { width: shown, ink: pageInk, curves: curves ?? noCurves, date: null }),
    [state, shown, curves],
  );
  return (
    <Box ref={ref} className="forest-plot">
      <SvgView element={plot} />
      {curves === null && (
        <Text size="sm" c="red" role="alert">
          The curves of the runs could not be read.
        </Text>
      )}
    </Box>
  );
}
