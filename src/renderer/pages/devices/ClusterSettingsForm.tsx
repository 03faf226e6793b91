/** A form for the settings of new jobs, with the batch script that results. */
import { Alert, Button, Code, Group, Paper, ScrollArea, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type ClusterField, type ClusterSettings, clusterFields, clusterSettings } from '#contract/cluster';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { notifyDone } from '../../components/notify.tsx';

export function ClusterSettingsForm({ onDone }: { onDone(): void }) {
  const trpc = useTRPC();
  const settings = useQuery({ ...trpc.cluster.settings.queryOptions(), staleTime: 0 });
  if (settings.isPending) return <Loading what="the settings" />;
  if (settings.isError)
    return (
      <ErrorState title="The settings cannot be read" error={settings.error} onRetry={() => void settings.refetch()} />
    );
  return <Form settings={settings.data} onDone={onDone} />;
}

/** Fields with several lines. */
const long: readonly ClusterField[] = ['sbatch', 'prologue'];

type Typed = Record<ClusterField, string>;

const typedOf = (settings: ClusterSettings): Typed =>
  Object.fromEntries(clusterFields.map((field) => [field, String(settings[field])])) as Typed;

/** The typed settings, or the problems by field. Empty fields get their defaults. */
function readTyped(typed: Typed, before: ClusterSettings) {
  const values = clusterFields.map((field) => {
    const text = typed[field].trim();
    const isNumber = typeof before[field] === 'number';
    return [field, text === '' ? undefined : isNumber ? Number(text) : text];
  });
  const parsed = clusterSettings.safeParse(Object.fromEntries(values));
  const problems = Object.fromEntries(parsed.error?.issues.map(({ path, message }) => [path[0], message]) ?? []);
  return { settings: parsed.data, problems };
}

function Form({ settings: before, onDone }: { settings: ClusterSettings; onDone(): void }) {
  const trpc = useTRPC();
  const [typed, setTyped] = useState(() => typedOf(before));
  const { settings, problems } = readTyped(typed, before);
  const script = useQuery({ ...trpc.cluster.script.queryOptions({ runs: 10 }), enabled: false });
  const save = useMutation(trpc.cluster.save.mutationOptions());
  return (
    <Paper withBorder p="sm" mb="sm">
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} verticalSpacing="xs">
        {clusterFields.map((field) => {
          const props = {
            label: field,
            description: clusterSettings.shape[field].description,
            value: typed[field],
            error: problems[field],
            onChange: (event: { currentTarget: { value: string } }) => {
              const { value } = event.currentTarget;
              setTyped((old) => ({ ...old, [field]: value }));
            },
          };
          return long.includes(field) ? (
            <Textarea key={field} {...props} rows={3} />
          ) : (
            <TextInput key={field} {...props} />
          );
        })}
      </SimpleGrid>
      {save.isError && (
        <Alert color="red" mt="sm" title="The settings were not saved">
          {save.error.message}
        </Alert>
      )}
      <Group justify="flex-end" mt="sm">
        <Button variant="default" onClick={onDone}>
          Close
        </Button>
        <Button
          disabled={!settings}
          loading={save.isPending}
          onClick={() =>
            save.mutate(settings!, {
              onSuccess: () => {
                notifyDone('Saved. Jobs submitted earlier keep their settings.');
                void script.refetch();
              },
            })
          }
        >
          Save
        </Button>
      </Group>
      {script.isError && (
        <Alert color="red" mt="sm" title="These settings are invalid">
          {script.error.message}
        </Alert>
      )}
      {script.data && (
        <ScrollArea.Autosize mah={300} mt="sm" viewportProps={{ tabIndex: 0 }}>
          <Code block aria-label="Batch script for ten runs">
            {script.data}
          </Code>
        </ScrollArea.Autosize>
      )}
    </Paper>
  );
}
