/** The result of a run with its interval, or its progress. */
import { Alert, Card, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { countText, durationText, metricText, numberText } from '#contract/format';
import type { Run, RunState } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { Reference } from '../../chart/series.ts';
import { timeLeftText } from '../../runs/secondsLeft.ts';

interface RunSummaryProps {
  run: Run;
  row: RunRow;
  published: Reference | null;
}

/** Titles of the reason for a state. */
const titles: Readonly<Record<RunState, string>> = {
  queued: 'The run waits',
  running: 'The run trains',
  paused: 'The run is paused',
  stopped: 'The run was stopped',
  finished: 'The run finished',
  failed: 'The run failed',
  crashed: 'The run crashed',
};

/** Half of a 95 % interval, in standard errors. */
const half = 1.96;

export function RunSummary({ run, row, published }: RunSummaryProps) {
  const { result } = run;
  const known = row.metric;
  const speed = row.seconds > 0 ? row.step / row.seconds : null;
  const numbers: [string, string, string?][] = [
    ['Last test', metricText(row.last, known)],
    ['Best test', metricText(row.best, known)],
    ['Mean of last 100', metricText(row.recent, known)],
    [
      'Trained parameters',
      row.trainable === null ? '' : countText(row.trainable),
      row.total === null ? '' : `of ${countText(row.total)}`,
    ],
    ['Training time', durationText(row.seconds), speed ? `${numberText(speed, 3)} steps/s` : ''],
    ['Device', row.device ?? ''],
  ];
  return (
    <Stack gap="sm">
      {row.reason && (
        <Alert color={row.state === 'failed' || row.state === 'crashed' ? 'red' : 'yellow'} title={titles[row.state]}>
          {row.reason.message}
        </Alert>
      )}
      <Card withBorder>
        <Group align="flex-start" gap="xl">
          <Stack gap={2} flex="1 1 260px">
            <Text size="sm" c="dimmed">
              {result
                ? `Final ${result.metric === 'mae' ? 'mean absolute error' : result.metric}`
                : 'No final result yet'}
            </Text>
            {result ? (
              <>
                <Text fz={28} fw={650} lh={1.2}>
                  {metricText(result.value, known)}
                  <Text span size="md" fw={400} c="dimmed">
                    {' '}
                    ± {numberText(half * result.standardError, 2)}
                  </Text>
                </Text>
                <Text size="xs" c="dimmed">
                  95 % interval of the evaluation on {countText(result.samples)} samples, weights of iteration{' '}
                  {result.iteration} of {result.iterations}
                  {result.stoppedEarly ? ', stopped early' : ''}
                </Text>
              </>
            ) : (
              <Stack gap={4} mt={4}>
                <Progress
                  value={row.totalSteps ? (100 * row.step) / row.totalSteps : 0}
                  aria-label="Progress"
                  animated={row.state === 'running'}
                />
                <Text size="xs" c="dimmed">
                  step {countText(row.step)} of {countText(row.totalSteps)}
                  {row.state === 'running' ? `, ${timeLeftText(row)}` : ''}
                </Text>
              </Stack>
            )}
            {published && <Text size="xs">{published.label}</Text>}
          </Stack>
          <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="lg" verticalSpacing="xs" flex="2 1 420px">
            {numbers.map(([label, value, more]) => (
              <div key={label}>
                <Text size="xs" c="dimmed">
                  {label}
                </Text>
                <Text size="sm" fw={500}>
                  {value || '–'}
                </Text>
                {more && (
                  <Text size="xs" c="dimmed">
                    {more}
                  </Text>
                )}
              </div>
            ))}
          </SimpleGrid>
        </Group>
      </Card>
    </Stack>
  );
}
