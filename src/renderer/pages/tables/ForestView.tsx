/** The table as a forest plot, with the width and the colours of the page. */
import { Box, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useMemo } from 'react';
import type { TableState } from '#contract/tableState';
import type { Ink } from '#pictures/colors';
import { forestPlotParts, forestPlotWords } from '#pictures/forestPlot';
import type { TestCurves } from '#pictures/stepCurves';
import { SvgView } from '../../chart/SvgView.tsx';
import { toneColor } from '../../theme.ts';
import { useTestCurves } from './useTestCurves.ts';

/** CSS colours, which follow the colour scheme, so that a print is light. */
const pageInk: Ink = {
  ...{ text: 'var(--mantine-color-text)', dim: 'var(--mantine-color-dimmed)', line: 'var(--permafrost-line)' },
  ...{ head: 'var(--permafrost-surface)', ground: 'var(--mantine-color-body)' },
  tone: toneColor,
};
/** On a narrower page the plot scrolls, because its texts would overlap. */
const least = 560;
const most = 1200;
const noCurves: TestCurves = new Map();

export function ForestView({ state }: { state: TableState }) {
  const { ref, width: available } = useElementSize();
  const curves = useTestCurves(state);
  const width = Math.min(most, Math.max(least, Math.floor(available)));
  const parts = useMemo(
    () => forestPlotParts(state, { width, ink: pageInk, curves: curves ?? noCurves }),
    [state, width, curves],
  );
  const { title, about } = forestPlotWords(state);
  return (
    <Box ref={ref} className="forest-plot">
      {/* several pictures, so that a print breaks its pages between them */}
      <div role="img" aria-label={`${title}. ${about}`}>
        {parts.map(({ height, elements }, i) => (
          <SvgView key={String(i)} {...{ width, height, elements }} />
        ))}
      </div>
      {curves === null && (
        <Text size="sm" c="red" role="alert">
          The curves of the runs could not be read.
        </Text>
      )}
    </Box>
  );
}
