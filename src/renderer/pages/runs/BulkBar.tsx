/** Actions on the selected runs. */
import { Button, CloseButton, Group, Paper, Text } from '@mantine/core';
import {
  IconArchive,
  IconArchiveOff,
  IconArrowsDiff,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconRestore,
  IconTrash,
} from '@tabler/icons-react';
import { countText } from '#contract/format';
import { restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import { LinkButton } from '../../components/LinkButton.tsx';
import type { RunPlace } from '../../runs/items.ts';
import { BulkExport } from './BulkExport.tsx';
import { NoteEditor } from './NoteEditor.tsx';
import { TagEditor } from './TagEditor.tsx';
import { useRunActions } from './useRunActions.ts';

interface BulkBarProps {
  rows: readonly RunRow[];
  place: RunPlace;
  /** Called when the selection is no longer needed. */
  onDone(): void;
}

export function BulkBar({ rows, place, onDone }: BulkBarProps) {
  const actions = useRunActions();
  const ids = rows.map(({ id }) => id);
  const active = rows.filter(({ state }) => !restingStates.includes(state)).map(({ id }) => id);
  const failed = rows.filter(({ state }) => state === 'failed').map(({ id }) => id);
  const interrupted = rows
    .filter(({ state }) => restingStates.includes(state) && state !== 'finished' && state !== 'failed')
    .map(({ id }) => id);
  /** Moves the runs to another place, which ends their selection. */
  const move = (work: Promise<void>) => void work.then(onDone);
  /** The label, with the number of runs that it applies to unless that is all. */
  const of = (word: string, some: readonly string[]) =>
    some.length === rows.length ? word : `${word} (${countText(some.length)})`;
  return (
    <Paper role="toolbar" aria-label="Selected runs" px="xs" py={6} bg="var(--permafrost-selected)">
      <Group gap={6}>
        <Text size="sm" fw={600} mr="xs">
          {countText(rows.length)} selected
        </Text>
        {place !== 'trash' && (
          <>
            {rows.length > 1 && (
              <LinkButton to="/compare" search={{ ids: ids.join(',') }} leftSection={<IconArrowsDiff size={15} />}>
                Compare
              </LinkButton>
            )}
            <BulkExport ids={ids} />
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
            {interrupted.length > 0 && (
              <Button
                variant="default"
                leftSection={<IconPlayerPlay size={15} />}
                onClick={() => void actions.resume(interrupted)}
              >
                {of('Resume', interrupted)}
              </Button>
            )}
            {failed.length > 0 && (
              <Button
                variant="default"
                leftSection={<IconRefresh size={15} />}
                title="Failed runs continue from their last checkpoint, or start over without one"
                onClick={() => void actions.resume(failed)}
              >
                {of('Rerun failed', failed)}
              </Button>
            )}
            <TagEditor rows={rows} onChange={(add, remove) => void actions.tag(ids, add, remove)} />
            {rows.length === 1 && <NoteEditor row={rows[0]} />}
            <Button
              variant="default"
              leftSection={place === 'archive' ? <IconArchiveOff size={15} /> : <IconArchive size={15} />}
              onClick={() => move(actions.archive(ids, place !== 'archive'))}
            >
              {place === 'archive' ? 'Unarchive' : 'Archive'}
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
        <CloseButton ml="auto" size="sm" aria-label="Clear the selection" onClick={onDone} />
      </Group>
    </Paper>
  );
}
