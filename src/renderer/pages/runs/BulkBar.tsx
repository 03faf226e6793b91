/** What can be done to the selected runs. */
import { Button, CloseButton, Group, Paper, Text } from '@mantine/core';
import {
  IconArchive,
  IconArchiveOff,
  IconArrowsDiff,
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconRestore,
  IconTrash,
} from '@tabler/icons-react';
import { restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import { saveDownload } from '../../client/download.ts';
import { count } from '../../components/format.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { notifyError } from '../../components/notify.ts';
import type { Place } from '../../runs/items.ts';
import { NoteEditor } from './NoteEditor.tsx';
import { TagEditor } from './TagEditor.tsx';
import { useRunActions } from './useRunActions.ts';

interface BulkBarProps {
  rows: readonly RunRow[];
  place: Place;
  /** The selection has done its work. */
  onDone(): void;
}

export function BulkBar({ rows, place, onDone }: BulkBarProps) {
  const actions = useRunActions();
  const ids = rows.map(({ id }) => id);
  const active = rows.filter(({ state }) => !restingStates.includes(state)).map(({ id }) => id);
  const resumable = rows.filter(({ state }) => restingStates.includes(state) && state !== 'finished');
  const csv = () =>
    saveDownload(`/download/runs.csv?${ids.map((id) => `id=${encodeURIComponent(id)}`).join('&')}`).catch((error) =>
      notifyError('The CSV could not be saved', error),
    );
  /** Moves the runs elsewhere, so that they are selected no longer. */
  const move = (work: Promise<void>) => void work.then(onDone);
  return (
    <Paper role="toolbar" aria-label="Selected runs" px="xs" py={6} bg="var(--permafrost-selected)">
      <Group gap={6}>
        <Text size="sm" fw={600} mr="xs">
          {count(rows.length)} selected
        </Text>
        {place !== 'trash' && (
          <>
            {rows.length > 1 && (
              <LinkButton
                to="/compare"
                search={{ ids: ids.join(',') } as never}
                leftSection={<IconArrowsDiff size={15} />}
              >
                Compare
              </LinkButton>
            )}
            <Button variant="default" leftSection={<IconDownload size={15} />} onClick={() => void csv()}>
              Export CSV
            </Button>
            {active.length > 0 && (
              <>
                <Button
                  variant="default"
                  leftSection={<IconPlayerPause size={15} />}
                  onClick={() => void actions.pause(active)}
                >
                  Pause
                </Button>
                <Button
                  variant="default"
                  leftSection={<IconPlayerStop size={15} />}
                  onClick={() => void actions.stop(active)}
                >
                  Stop
                </Button>
              </>
            )}
            {resumable.length > 0 && (
              <Button
                variant="default"
                leftSection={<IconPlayerPlay size={15} />}
                onClick={() => void actions.resume(resumable.map(({ id }) => id))}
              >
                Resume
              </Button>
            )}
            <TagEditor rows={rows} onChange={(add, remove) => void actions.tag(ids, add, remove)} />
            {rows.length === 1 && <NoteEditor row={rows[0]} onChange={(text) => actions.note(ids[0], text)} />}
            <Button
              variant="default"
              leftSection={place === 'archive' ? <IconArchiveOff size={15} /> : <IconArchive size={15} />}
              onClick={() => move(actions.archive(ids, place !== 'archive'))}
            >
              {place === 'archive' ? 'Take from archive' : 'Archive'}
            </Button>
            <Button variant="default" leftSection={<IconTrash size={15} />} onClick={() => move(actions.trash(ids))}>
              Trash
            </Button>
          </>
        )}
        {place === 'trash' && (
          <Button variant="default" leftSection={<IconRestore size={15} />} onClick={() => move(actions.restore(ids))}>
            Restore
          </Button>
        )}
        <CloseButton ml="auto" size="sm" aria-label="Select nothing" onClick={onDone} />
      </Group>
    </Paper>
  );
}
