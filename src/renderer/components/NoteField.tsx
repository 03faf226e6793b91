/** The note of a run, saved while the user types. Asks before it overwrites a note that another window has changed. */
import { Alert, Button, Group, Text, Textarea, type TextareaProps } from '@mantine/core';
import { TRPCClientError } from '@trpc/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { AppRouter } from '#contract/router';
import { useTRPCClient } from '../client/trpc.ts';
import { messageOf } from './ErrorState.tsx';
import { notifyError } from './notify.tsx';

interface NoteFieldProps extends Omit<TextareaProps, 'value' | 'onChange' | 'id'> {
  /** The note's run. */
  run: string;
  /** The stored note. */
  note: string;
}

/** The typed text, and the stored note that it replaces. */
interface Draft {
  text: string;
  over: string;
}
type Saving = 'no' | 'in progress' | 'done' | 'conflict' | { failed: string };

/** Milliseconds between the last key press and saving. */
const pause = 700;
/** Milliseconds before a failed save is tried again. */
const retryPause = 5000;

export function NoteField({ run, note, ...input }: NoteFieldProps) {
  const client = useTRPCClient();
  const [draft, setDraft] = useState<Draft | null>(null);
  const [saving, setSaving] = useState<Saving>('no');
  const waits = draft !== null && draft.text !== draft.over && saving !== 'conflict';

  const save = useCallback(
    async ({ text, over }: Draft) => {
      setSaving('in progress');
      try {
        await client.runs.note.mutate({ id: run, text, over });
        setDraft((latest) => latest && { ...latest, over: text });
        setSaving('done');
      } catch (error) {
        setSaving(isConflict(error) ? 'conflict' : { failed: messageOf(error) });
      }
    },
    [client, run],
  );

  useEffect(() => {
    if (!waits || saving === 'in progress') return;
    const timer = setTimeout(() => void save(draft), typeof saving === 'object' ? retryPause : pause);
    return () => clearTimeout(timer);
  }, [waits, saving, draft, save]);

  // the field shows the stored note again once it equals the saved text
  useEffect(() => {
    if (draft && draft.text === draft.over && draft.text === note) setDraft(null);
  }, [draft, note]);

  // saves unsaved text when the field is removed
  const unsaved = useRef<Draft | null>(null);
  unsaved.current = waits ? draft : null;
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => unsaved.current && event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => {
      window.removeEventListener('beforeunload', ask);
      const last = unsaved.current;
      if (!last) return;
      client.runs.note
        .mutate({ id: run, ...last })
        .catch((error) => notifyError(`The note of ${run} was not saved: “${last.text}”`, error));
    };
  }, [client, run]);

  const type = (text: string) => {
    setDraft((old) => ({ text, over: old?.over ?? note }));
    if (saving !== 'conflict') setSaving('no');
  };
  /** Goes back to showing the stored note. */
  const leave = () => {
    setDraft(null);
    setSaving('no');
  };
  return (
    <>
      <Textarea
        rows={4}
        resize="vertical"
        {...input}
        value={draft ? draft.text : note}
        onChange={(event) => type(event.currentTarget.value)}
      />
      {saving === 'conflict' && draft ? (
        <Alert color="yellow" title="Another window has changed this note" role="alert">
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            It is now: {note || '(empty)'}
          </Text>
          <Group gap="xs" mt="xs">
            <Button variant="default" onClick={() => void save({ text: draft.text, over: note })}>
              Keep mine
            </Button>
            <Button variant="default" onClick={leave}>
              Use the other
            </Button>
          </Group>
        </Alert>
      ) : (
        <Text size="xs" c={typeof saving === 'object' ? 'red' : 'dimmed'} role="status">
          {savingText(saving, waits)}
        </Text>
      )}
    </>
  );
}

function savingText(saving: Saving, waits: boolean): string {
  if (typeof saving === 'object') return `Not saved yet: ${saving.failed}`;
  if (saving === 'in progress' || waits) return 'Saving …';
  return saving === 'done' ? 'Saved.' : '';
}

const isConflict = (error: unknown): boolean =>
  error instanceof TRPCClientError && (error as TRPCClientError<AppRouter>).data?.reason === 'conflict';
