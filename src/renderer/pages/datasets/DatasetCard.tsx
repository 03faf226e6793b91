/** One data set: actions, facts, files, tasks that use it, samples. */
import { Alert, Anchor, Button, Group, SimpleGrid, Stack } from '@mantine/core';
import { IconAlertTriangle, IconTrash } from '@tabler/icons-react';
import type { TaskInfo } from '#contract/catalogue';
import { type DatasetInfo, type DatasetPull, downloadText } from '#contract/data';
import { bytesText } from '#contract/format';
import { ErrorState } from '../../components/ErrorState.tsx';
import { type Fact, Facts } from '../../components/Facts.tsx';
import { Section } from '../../components/Section.tsx';
import { DatasetFiles } from './DatasetFiles.tsx';
import { DatasetState } from './DatasetState.tsx';
import { TaskSection } from './TaskSection.tsx';
import { UseFolder } from './UseFolder.tsx';
import type { DataActions } from './useDataActions.ts';

interface DatasetCardProps {
  dataset: DatasetInfo;
  pull: DatasetPull | undefined;
  tasks: readonly TaskInfo[];
  actions: DataActions;
}

export function DatasetCard({ dataset, pull, tasks, actions }: DatasetCardProps) {
  const { name, title, state, place, notes, diskBytes } = dataset;
  const isBusy = pull?.state === 'running';
  return (
    <Stack gap="md">
      <Group gap="xs">
        <DatasetState dataset={dataset} pull={pull} actions={actions} />
        {(place !== 'home' || diskBytes === 0) && (
          <UseFolder dataset={dataset} disabled={isBusy} onUse={(folder) => void actions.pull(name, folder)} />
        )}
        {place !== 'bundled' && (diskBytes > 0 || place === 'linked') && (
          <Button
            variant="default"
            leftSection={<IconTrash size={15} />}
            disabled={isBusy}
            onClick={() => void actions.remove(name)}
          >
            Remove
          </Button>
        )}
      </Group>
      {pull?.state === 'failed' && pull.error && (
        <ErrorState title={`${title} could not be prepared`} error={pull.error.message} />
      )}
      {notes.map((note) => (
        <Alert key={note} color="yellow" variant="light" icon={<IconAlertTriangle size={16} />} py={6}>
          {note}
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Section title="Facts">
          <Facts rows={factsOf(dataset)} />
        </Section>
        <DatasetFiles key={name} dataset={dataset} />
      </SimpleGrid>
      <TaskSection
        heading="Tasks that use it"
        tasks={tasks}
        canDraw={state === 'ready'}
        otherwise="Samples appear here when the data set is decoded."
      />
    </Stack>
  );
}

const places: Record<DatasetInfo['place'], string> = {
  home: '',
  linked: ' (yours; Permafrost changes nothing in it)',
  bundled: ' (comes with Permafrost)',
};

function factsOf(dataset: DatasetInfo): Fact[] {
  const { name, page, licence, folder, place, diskBytes } = dataset;
  const link = (
    <Anchor href={page} target="_blank" rel="noreferrer" inherit>
      {page}
    </Anchor>
  );
  return [
    ['Called', name],
    ['Source', link],
    ['Licence', licence],
    ['Download', downloadText(dataset)],
    ['On disk', bytesText(diskBytes)],
    ['Folder', folder + places[place]],
  ];
}
