/** Ctrl-K or ⌘K: opens a page, run, model or table, or performs an action, by name. */
import { Box, Modal, Text, TextInput, useMantineColorScheme } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useState } from 'react';
import { useTRPC, useTRPCClient } from '../client/trpc.ts';
import { attempt } from '../components/notify.tsx';
import { pages } from '../routes.tsx';
import { findEntries, type PaletteEntry } from './palette.ts';

interface CommandPaletteProps {
  opened: boolean;
  onOpened(opened: boolean): void;
}

export function CommandPalette({ opened, onOpened }: CommandPaletteProps) {
  useHotkeys([['mod+K', () => onOpened(!opened)]], []);
  return (
    <Modal
      opened={opened}
      onClose={() => onOpened(false)}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      attributes={{ content: { 'aria-label': 'Command palette' } }}
      transitionProps={{ duration: 0 }}
    >
      {opened && <Palette onDone={() => onOpened(false)} />}
    </Modal>
  );
}

const idOf = (index: number): string => `palette-${index}`;

function Palette({ onDone }: { onDone(): void }) {
  const entries = usePaletteEntries();
  const [text, setText] = useState('');
  const [current, setCurrent] = useState(0);
  const found = findEntries(entries, text);
  const at = Math.min(current, found.length - 1);
  const choose = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    onDone();
    entry.run();
  };
  const move = (to: number) => {
    const next = (to + found.length) % Math.max(1, found.length);
    setCurrent(next);
    document.getElementById(idOf(next))?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const keys: Record<string, () => void> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      Enter: () => choose(found[at]),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  };
  return (
    <>
      <TextInput
        data-autofocus
        variant="unstyled"
        size="md"
        px="sm"
        role="combobox"
        aria-expanded
        aria-controls="palette"
        aria-activedescendant={found.length > 0 ? idOf(at) : undefined}
        aria-label="Find a page, run, model, table or action"
        placeholder="Find a page, run, model, table or action"
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setCurrent(0);
        }}
        onKeyDown={onKeyDown}
      />
      <Box id="palette" role="listbox" aria-label="Results" className="palette" tabIndex={-1}>
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the text field
          <div
            key={entry.key}
            id={idOf(index)}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="palette-entry"
            onMouseMove={() => setCurrent(index)}
            onClick={() => choose(entry)}
          >
            <span className="truncate">
              {entry.label}
              {entry.hint && (
                <Text span inherit c="dimmed">
                  {' '}
                  {entry.hint}
                </Text>
              )}
            </span>
            <Text span size="xs" c="dimmed">
              {entry.group}
            </Text>
          </div>
        ))}
      </Box>
      {found.length === 0 && (
        <Text size="sm" c="dimmed" p="sm" role="status">
          Nothing matches these words.
        </Text>
      )}
    </>
  );
}

function usePaletteEntries(): PaletteEntry[] {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const runs = useQuery(trpc.runs.list.queryOptions()).data ?? [];
  const models = useQuery(trpc.zoo.list.queryOptions()).data ?? [];
  const tables = useQuery(trpc.tables.list.queryOptions()).data ?? [];
  const act = (label: string, run: () => unknown): PaletteEntry => ({ key: label, group: 'Actions', label, run });
  const ask = (label: string, query: () => Promise<unknown>): PaletteEntry =>
    act(label, () => void attempt(`${label} failed`, query));
  return [
    ...pages
      .filter(({ nav }) => nav)
      .map(
        ({ path, title }): PaletteEntry => ({
          ...{ key: path, group: 'Pages', label: title },
          run: () => void navigate({ to: path as '/' }),
        }),
      ),
    ask('Pause the queue', () => client.queue.pause.mutate()),
    ask('Resume the queue', () => client.queue.resume.mutate()),
    ask('Try all devices again', () => client.devices.list.query({ again: true })),
    act('Use light colours', () => setColorScheme('light')),
    act('Use dark colours', () => setColorScheme('dark')),
    act('Use the colours of the system', () => setColorScheme('auto')),
    ...tables.map(
      ({ id, title }): PaletteEntry => ({
        ...{ key: `table ${id}`, group: 'Tables', label: title, hint: id },
        run: () => void navigate({ to: '/tables', search: { table: id } }),
      }),
    ),
    ...models.map(
      ({ name, family }): PaletteEntry => ({
        ...{ key: `model ${name}`, group: 'Models', label: name, hint: family },
        run: () => void navigate({ to: '/zoo', search: { model: name } }),
      }),
    ),
    ...runs
      .filter(({ trashedAt }) => trashedAt === null)
      .toReversed()
      .map(
        ({ id, name, seed }): PaletteEntry => ({
          ...{ key: id, group: 'Runs', label: name, hint: `seed ${seed} · ${id}` },
          run: () => void navigate({ to: '/runs/$id', params: { id } }),
        }),
      ),
  ];
}
