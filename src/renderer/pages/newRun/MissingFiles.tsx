/** Weights and data that a run needs and this machine lacks, with a remedy for each. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Catalogue } from '#contract/catalogue';
import { downloadText } from '#contract/data';
import { useTRPC } from '../../client/trpc.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import type { Draft } from './draft.ts';

interface MissingFilesProps {
  draft: Draft;
  catalogue: Catalogue;
  onRandomWeights(): void;
}

export function MissingFiles({ draft, catalogue, onRandomWeights }: MissingFilesProps) {
  const datasets = useQuery(useTRPC().data.list.queryOptions()).data;
  const body = catalogue.bodies.find(({ name }) => name === draft.model_name);
  const task = catalogue.tasks.find(({ name }) => name === draft.task);
  const dataset = datasets?.find(({ name }) => name === task?.dataset);
  return (
    <>
      {draft.pretrained === true && body && !body.hasWeights && (
        <Alert color="yellow" mt="sm" title={`The weights of ${body.name} are not on this machine`}>
          <Text size="sm">Fetch them first, or train from random weights.</Text>
          <Group gap="xs" mt="xs">
            <LinkButton to="/zoo" search={{ model: body.name }}>
              Fetch
            </LinkButton>
            <Button variant="default" onClick={onRandomWeights}>
              Use random weights
            </Button>
          </Group>
        </Alert>
      )}
      {dataset && (dataset.state === 'absent' || dataset.state === 'partial') && (
        <Alert color="yellow" mt="sm" title={`${dataset.title} is not on this machine`}>
          <Text size="sm">The run fails without it. Download: {downloadText(dataset)}.</Text>
          <LinkButton to="/datasets" search={{ set: dataset.name }} mt="xs">
            Fetch
          </LinkButton>
        </Alert>
      )}
    </>
  );
}
