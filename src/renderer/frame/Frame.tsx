/** The frame around every page: navigation, live rows of runs, and the message about a lost connection. */
import { Alert, AppShell, Box, Burger, Button, Group, Kbd, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconSearch, IconSnowflake } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTRPC } from '../client/trpc.ts';
import { pages } from '../routes.tsx';
import { useLiveRuns } from '../runs/useLiveRuns.ts';
import { CommandPalette } from './CommandPalette.tsx';
import { Disconnected } from './Disconnected.tsx';
import { Navigation } from './Navigation.tsx';
import { useEndNotices } from './useEndNotices.tsx';

export function Frame() {
  const connected = useLiveRuns();
  useEndNotices();
  const [opened, { toggle, close }] = useDisclosure();
  const [finding, setFinding] = useState(false);
  const { pathname } = useLocation();
  const title = pages.find(({ path }) => path === pathname)?.title;
  useEffect(() => {
    if (title) document.title = `${title} – Permafrost`;
  }, [title]);

  return (
    <AppShell
      header={{ height: { base: 44, sm: 0 } }}
      navbar={{ width: 196, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
      transitionDuration={0}
    >
      <button type="button" className="skip-link" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the page
      </button>
      <AppShell.Header hiddenFrom="sm" px="md">
        <Group h="100%" gap="sm">
          <Burger
            opened={opened}
            onClick={toggle}
            size="sm"
            aria-label={opened ? 'Close navigation' : 'Open navigation'}
          />
          <Brand />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" bg="var(--permafrost-surface)">
        <Box visibleFrom="sm" px="xs" pt={6} pb="md">
          <Brand />
        </Box>
        <Button
          variant="default"
          size="xs"
          mb="xs"
          fullWidth
          justify="space-between"
          leftSection={<IconSearch size={14} />}
          rightSection={<Kbd size="xs">{isMac ? '⌘ K' : 'Ctrl K'}</Kbd>}
          onClick={() => setFinding(true)}
        >
          Find
        </Button>
        <Navigation onGo={close} />
      </AppShell.Navbar>
      <CommandPalette opened={finding} onOpened={setFinding} />
      <AppShell.Main id="main" tabIndex={-1} style={{ outline: 'none' }}>
        {!connected && <Disconnected />}
        <StoreTrouble />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

const isMac = /^Mac/.test(navigator.platform);

function Brand() {
  return (
    <Group gap={8} wrap="nowrap">
      <Text c="var(--mantine-primary-color-filled)" component="span" lh={0} aria-hidden>
        <IconSnowflake size={20} stroke={1.8} />
      </Text>
      <Text fw={600} size="md">
        Permafrost
      </Text>
    </Group>
  );
}

/** Milliseconds between polls; a store that cannot be written sends no changes. */
const troublePause = 5000;

/** The error of the run store, such as a full disk. */
function StoreTrouble() {
  const queue = useQuery(useTRPC().queue.get.queryOptions(undefined, { refetchInterval: troublePause }));
  const trouble = queue.data?.trouble;
  if (!trouble) return null;
  return (
    <Alert
      color="red"
      variant="outline"
      icon={<IconAlertTriangle size={18} />}
      title="The run store cannot be updated"
      mb="md"
      role="alert"
    >
      <Text size="sm">{trouble} Runs continue; their results appear here when the store works again.</Text>
    </Alert>
  );
}
