/** All pretrained bodies with their size and state; `?model=` shows one. */
import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconBox } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { bytesText } from '#contract/format';
import { filterModels, type ZooModel } from '#contract/zoo';
import { useTRPC } from '../../client/trpc.ts';
import { EmptyState } from '../../components/EmptyState.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { Loading } from '../../components/Loading.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { RemovedList } from '../../components/RemovedList.tsx';
import { useAddress } from '../../components/useAddress.ts';
import { AddModel } from './AddModel.tsx';
import { ModelCard } from './ModelCard.tsx';
import { filterOf, ModelFilters, noFilter, trainingOf, type ZooAddress } from './ModelFilters.tsx';
import { ModelTable } from './ModelTable.tsx';
import { useZoo } from './useZoo.ts';
import { useZooActions } from './useZooActions.ts';

export function ZooPage() {
  const { models, removed, warnings, pulls } = useZoo();
  const actions = useZooActions();
  const address = useAddress<'/zoo'>();
  if (models.isPending) return <Loading what="the models" />;
  if (models.isError)
    return (
      <ErrorState title="The models could not be read" error={models.error} onRetry={() => void models.refetch()} />
    );
  const asked = address.get('model');
  if (asked === '') return <Models models={models.data} {...{ removed, warnings, pulls, actions, address }} />;
  const model = models.data.find(({ name, aliases }) => name === asked || aliases.includes(asked));
  return (
    <Stack gap="xs">
      <PageHeader title={model?.name ?? asked} about={model?.about}>
        <LinkButton to="/zoo" search={({ model: _, ...rest }) => rest} leftSection={<IconArrowLeft size={15} />}>
          All models
        </LinkButton>
      </PageHeader>
      <RemovedList removed={removed} onRestore={(name) => void actions.restore(name)} />
      {model ? (
        <ModelCard
          model={model}
          pull={pulls.find(({ name }) => name === model.name)}
          batch={trainingOf(address).batch}
          actions={actions}
        />
      ) : (
        <EmptyState icon={<IconBox size={40} stroke={1.2} />} title={`The zoo has no model ${asked}`}>
          Restore it above if it was removed, or add it to the zoo again.
        </EmptyState>
      )}
    </Stack>
  );
}

type ModelsProps = Omit<ReturnType<typeof useZoo>, 'models'> & {
  models: readonly ZooModel[];
  actions: ReturnType<typeof useZooActions>;
  address: ZooAddress;
};

function Models({ models, removed, warnings, pulls, actions, address }: ModelsProps) {
  const trpc = useTRPC();
  const navigate = useNavigate();
  const names = models.map(({ name }) => name);
  const fits = useQuery({
    ...trpc.zoo.fit.queryOptions({ names, ...trainingOf(address) }),
    placeholderData: (old) => old,
  });
  const shown = filterModels(models, filterOf(address));
  const here = models.filter(({ state }) => state === 'here').length;
  const disk = models.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
  return (
    <Stack gap="xs">
      <PageHeader
        title="Model zoo"
        about={`${shown.length} of ${models.length} models, ${here} here, ${bytesText(disk)} on disk`}
      >
        <AddModel onAdded={(model) => void navigate({ to: '/zoo', search: { model } })} />
      </PageHeader>
      {warnings.length > 0 && (
        <Alert color="yellow" variant="light" title="Added models that cannot be used" py="xs">
          {warnings.map((warning) => (
            <Text key={warning} size="sm">
              {warning}
            </Text>
          ))}
        </Alert>
      )}
      <ModelFilters models={models} address={address} />
      <RemovedList removed={removed} onRestore={(name) => void actions.restore(name)} />
      {shown.length === 0 ? (
        <EmptyState
          icon={<IconBox size={40} stroke={1.2} />}
          title="No model matches the filter"
          action={
            <Button variant="default" onClick={() => address.set(noFilter)}>
              Clear the filter
            </Button>
          }
        >
          Any GPT-2 or Vision Transformer can be added.
        </EmptyState>
      ) : (
        <ModelTable
          models={shown}
          fits={new Map((fits.data ?? []).map((fit) => [fit.name, fit]))}
          pulls={pulls}
          actions={actions}
        />
      )}
    </Stack>
  );
}
