/** The runs that a request starts, and their cost. */
import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { bytesText, miscountText, planText, planTimeText } from '#contract/format';
import type { ReproductionPlan } from '#contract/tableState';
import { type Fact, Facts } from '../../components/Facts.tsx';

interface PlanViewProps {
  plan: ReproductionPlan;
  isQueuePaused: boolean;
}

export const hasWork = ({ resumed, started }: ReproductionPlan): boolean => resumed + started > 0;

export function PlanView({ plan, isQueuePaused }: PlanViewProps) {
  const { basis, memoryBytes, diskBytes, miscounted } = plan;
  const time = (
    <>
      about {planTimeText(plan)} <span className="dimmed">({basis})</span>
    </>
  );
  const facts: Fact[] = [
    ['Time', time],
    ['Memory', `${bytesText(memoryBytes)} for each run at once`],
    ['Disk', bytesText(diskBytes)],
  ];
  return (
    <Stack gap={6}>
      <Text size="sm">{planText(plan)}.</Text>
      {hasWork(plan) ? (
        <Facts rows={facts} />
      ) : (
        <Text size="sm" c="dimmed">
          All runs have finished already.
        </Text>
      )}
      {isQueuePaused && hasWork(plan) && (
        <Text size="sm" c="dimmed">
          The queue is paused: runs start when you resume it.
        </Text>
      )}
      {miscounted.length > 0 && (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle size={16} />} py={6} title="Not as published">
          {miscounted.map((miscount) => (
            <Text key={miscount.cell} size="sm">
              {miscountText(miscount)}
            </Text>
          ))}
        </Alert>
      )}
    </Stack>
  );
}
