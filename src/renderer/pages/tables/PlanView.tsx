/** What a wish would start and cost, before it is made. */
import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Plan } from '#contract/papers';
import { type Fact, Facts } from '../../components/Facts.tsx';
import { bytes, count, duration } from '../../components/format.ts';
import { planText } from './words.ts';

interface PlanViewProps {
  plan: Plan;
  isQueuePaused: boolean;
}

export const hasWork = ({ resumed, started }: Plan): boolean => resumed + started > 0;

export function PlanView({ plan, isQueuePaused }: PlanViewProps) {
  const { seconds, basis, memoryBytes, diskBytes, miscounted } = plan;
  const time = (
    <>
      about {duration(seconds)} <span className="dimmed">({basis})</span>
    </>
  );
  const facts: Fact[] = [
    ['Time', time],
    ['Memory', `${bytes(memoryBytes)} for each run at once`],
    ['Disk', bytes(diskBytes)],
  ];
  return (
    <Stack gap={6}>
      <Text size="sm">{planText(plan)}.</Text>
      {hasWork(plan) ? (
        <Facts rows={facts} />
      ) : (
        <Text size="sm" c="dimmed">
          Nothing is left to do.
        </Text>
      )}
      {isQueuePaused && hasWork(plan) && (
        <Text size="sm" c="dimmed">
          The queue is paused: nothing starts before it goes on.
        </Text>
      )}
      {miscounted.length > 0 && (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle size={16} />} py={6} title="Not as published">
          {miscounted.map(({ cell, trainable, published }) => (
            <Text key={cell} size="sm">
              {cell} trains {count(trainable)} parameters here, {count(published)} in the publication.
            </Text>
          ))}
        </Alert>
      )}
    </Stack>
  );
}
