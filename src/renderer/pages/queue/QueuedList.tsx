/** Waiting runs in the order in which they start. The user moves them by buttons, Alt with the arrow keys, or dragging. */
import { ActionIcon, Box, Group, Paper, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconArrowBarToUp, IconArrowDown, IconArrowUp, IconGripVertical, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { countText } from '#contract/format';
import type { RunRow } from '#contract/runRow';
import { useRunActions } from '../runs/useRunActions.ts';

interface QueuedListProps {
  rows: readonly RunRow[];
  /** `place` counts from 0. */
  onMove(id: string, place: number): void;
}

const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };

export function QueuedList({ rows, onMove }: QueuedListProps) {
  const { pause } = useRunActions();
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [said, setSaid] = useState('');
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No run is waiting.
      </Text>
    );
  const move = (index: number, place: number) => {
    if (index < 0 || place < 0 || place >= rows.length || place === index) return;
    onMove(rows[index].id, place);
    setSaid(`${rows[index].name} is now number ${place + 1} of ${rows.length}.`);
  };
  const endDrag = () => {
    setDragged(null);
    setOver(null);
  };
  const drop = (place: number) => {
    const from = rows.findIndex(({ id }) => id === dragged);
    move(from, place);
    endDrag();
  };
  const onKeyDown = (index: number) => (event: KeyboardEvent) => {
    if (!event.altKey || !(event.key in steps)) return;
    event.preventDefault();
    move(index, index + steps[event.key]);
  };
  return (
    <>
      <Box component="ol" aria-label="Waiting runs" m={0} p={0} style={{ listStyle: 'none' }}>
        {rows.map((row, index) => (
          <Paper
            key={row.id}
            component="li"
            withBorder
            px="xs"
            py={5}
            mb={4}
            draggable
            onDragStart={() => setDragged(row.id)}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(index);
            }}
            onDragEnd={endDrag}
            onDrop={() => drop(index)}
            onKeyDown={onKeyDown(index)}
            bg={over === index && dragged !== null ? 'var(--permafrost-selected)' : undefined}
          >
            <Group gap="xs" wrap="nowrap">
              <Text c="dimmed" component="span" lh={0} style={{ cursor: 'grab' }} aria-hidden>
                <IconGripVertical size={15} />
              </Text>
              <Text size="sm" c="dimmed" w={24} ta="right">
                {index + 1}
              </Text>
              <Box flex={1} miw={0}>
                <Link to="/runs/$id" params={{ id: row.id }} className="quiet-link truncate">
                  {row.name}
                </Link>
                <Text size="xs" c="dimmed" truncate>
                  {row.task} · {row.model} · {row.regime} · seed {row.seed} · {countText(row.totalSteps)} steps
                </Text>
              </Box>
              <Group gap={0} wrap="nowrap">
                <Tool label={`Move ${row.name} to the front`} idle={index === 0} onClick={() => move(index, 0)}>
                  <IconArrowBarToUp size={16} />
                </Tool>
                <Tool label={`Move ${row.name} up`} idle={index === 0} onClick={() => move(index, index - 1)}>
                  <IconArrowUp size={16} />
                </Tool>
                <Tool
                  label={`Move ${row.name} down`}
                  idle={index === rows.length - 1}
                  onClick={() => move(index, index + 1)}
                >
                  <IconArrowDown size={16} />
                </Tool>
                <Tool label={`Remove ${row.name} from the queue`} onClick={() => void pause([row.id])}>
                  <IconX size={16} />
                </Tool>
              </Group>
            </Group>
          </Paper>
        ))}
      </Box>
      <Text size="xs" c="dimmed">
        To change the order, drag a run, use its arrow buttons, or focus it and press Alt with an arrow key.
      </Text>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
    </>
  );
}

interface ToolProps {
  label: string;
  /** The button has no effect. It is not disabled, so that it keeps the focus when its run reaches an end. */
  idle?: boolean;
  onClick(): void;
  children: ReactNode;
}

function Tool({ label, idle = false, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-disabled={idle} opacity={idle ? 0.3 : undefined} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
