/** New run: a form that starts from a preset, another run or its last state. */
import { useSessionStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';
import type { ConfigField } from '#contract/config';
import { plural } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { notifyDone } from '../../components/notify.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { useAddress } from '../../components/useAddress.ts';
import { choosePreset, choosePublishedBody } from './choose.ts';
import { type Draft, firstDraft } from './draft.ts';
import { NewRunForm } from './NewRunForm.tsx';

/** The page at `/new`; `?preset=` names a preset to start from, `?from=` a run, `?model=` a body. */
export function NewRunPage() {
  const address = useAddress<'/new'>();
  const [preset, from, model] = (['preset', 'from', 'model'] as const).map(address.get);
  const navigate = useNavigate();
  const onCreated = (ids: string[]) => {
    if (ids.length > 1) notifyDone(`${plural(ids.length, 'run')} are in the queue.`);
    void (ids.length === 1
      ? navigate({ to: '/runs/$id', params: { id: ids[0] } })
      : navigate({ to: '/', search: { grouped: 'yes' } }));
  };
  const trpc = useTRPC();
  const catalogue = useQuery(trpc.config.catalogue.queryOptions());
  const cloned = useQuery(trpc.runs.get.queryOptions({ id: from }, { enabled: from !== '' }));
  const [draft, setDraft] = useSessionStorage<Draft | null>({ key: 'permafrost-new-run', defaultValue: null });
  const [edited, setEdited] = useSessionStorage<ConfigField[]>({ key: 'permafrost-new-run-edited', defaultValue: [] });
  const change = useCallback((update: (old: Draft) => Draft) => setDraft((old) => old && update(old)), [setDraft]);

  const begun = useRef('');
  const origin = `${preset} ${from} ${model}`;
  useEffect(() => {
    if (begun.current === origin || !catalogue.data || (from !== '' && !cloned.data)) return;
    begun.current = origin;
    const first = firstDraft(catalogue.data);
    const chosen = catalogue.data.presets.find(({ id }) => id === preset);
    if (cloned.data || chosen || model !== '') setEdited(['model_name']); // another task keeps the body if it can
    if (cloned.data) setDraft(cloned.data.config);
    else setDraft((old) => (chosen ? choosePreset(old ?? first, chosen) : (old ?? first)));
    if (model !== '') setDraft((old) => choosePublishedBody(old ?? first, model, catalogue.data));
  }, [origin, preset, from, model, catalogue.data, cloned.data, setDraft, setEdited]);

  return (
    <>
      <PageHeader title="New run" about={from && cloned.data && `starts from ${cloned.data.id}`} />
      {cloned.isError && (
        <ErrorState title={`Run ${from} cannot be cloned`} error={cloned.error} onRetry={() => void cloned.refetch()} />
      )}
      {catalogue.isPending && <Loading what="the form" />}
      {catalogue.isError && (
        <ErrorState
          title="The form cannot be filled"
          error={catalogue.error}
          onRetry={() => void catalogue.refetch()}
        />
      )}
      {catalogue.data && draft && (
        <NewRunForm
          catalogue={catalogue.data}
          draft={draft}
          onDraft={change}
          edited={edited}
          onEdited={setEdited}
          onCreated={onCreated}
        />
      )}
    </>
  );
}
