/** The estimate of a run before it starts: parameters, time, memory, disk, and the basis of the estimate. */
import { Group, Stack, Text } from '@mantine/core';
import type { Estimate, GpuMemory } from '#contract/catalogue';
import { bytesText, countText, durationText, percentText } from '#contract/format';
import { toneColor } from '../../theme.ts';

interface EstimatePanelProps {
  estimate: Estimate | null;
  gpuMemory: GpuMemory | null;
  /** Number of runs. */
  runs: number;
  /** Why there is no estimate. */
  why: string;
}

export function EstimatePanel({ estimate, gpuMemory, runs, why }: EstimatePanelProps) {
  if (!estimate)
    return (
      <Text size="sm" c="dimmed">
        {why}
      </Text>
    );
  const { trainable, total, steps, seconds, basis, isMeasuring, memoryBytes, diskBytes } = estimate;
  const times = runs > 1 ? `${runs} × ` : '';
  const rows: [string, string][] = [
    ['Trained parameters', countText(trainable)],
    ['All parameters', countText(total)],
    ['Share', percentText(trainable / total, 3)],
    ['Steps, at most', times + countText(steps)],
    [
      'Time, at most',
      runs > 1 ? `${times}${durationText(seconds)} = ${durationText(runs * seconds)}` : durationText(seconds),
    ],
    ['Memory', bytesText(memoryBytes)],
    ...(gpuMemory?.bytes ? [['On the graphics card', bytesText(gpuMemory.bytes)] as [string, string]] : []),
    ['Disk', times + bytesText(diskBytes)],
  ];
  return (
    <Stack gap={4} aria-live="polite">
      {rows.map(([label, value]) => (
        <Group key={label} justify="space-between" wrap="nowrap" gap="xs" align="baseline">
          <Text size="sm" c="dimmed">
            {label}
          </Text>
          <Text size="sm" fw={500} ta="right" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {value}
          </Text>
        </Group>
      ))}
      {gpuMemory?.problem && (
        <Text size="sm" c={toneColor('bad')}>
          {gpuMemory.problem}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        Time: {isMeasuring ? 'the speed of this machine is being measured; a better estimate follows' : basis}.
      </Text>
    </Stack>
  );
}
