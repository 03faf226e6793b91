/** The list of pages, the number of active runs, and the choice of light or dark colours. */
import { ActionIcon, AppShell, Badge, Box, Group, NavLink, Text, Tooltip, useMantineColorScheme } from '@mantine/core';
import { IconBell, IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { useTRPC } from '../client/trpc.ts';
import { pages, sections } from '../routes.tsx';

/** Calls `onGo` when the user chooses a page. */
export function Navigation({ onGo }: { onGo(): void }) {
  const trpc = useTRPC();
  const { pathname } = useLocation();
  const { data: queue } = useQuery(trpc.queue.get.queryOptions());
  const active = queue ? queue.running.length + queue.queued.length + queue.submitted.length : 0;
  return (
    <>
      <AppShell.Section grow component="nav" aria-label="Pages">
        {sections.map((section) => {
          const rows = pages.filter(({ nav }) => nav?.section === section);
          return rows.length === 0 ? null : (
            <Box key={section} mb="md">
              {section !== sections[0] && (
                <Text size="xs" fw={600} c="dimmed" px="sm" pb={4}>
                  {section}
                </Text>
              )}
              {rows.map(({ path, title, nav }) => {
                const Icon = nav!.icon;
                return (
                  <NavLink
                    key={path}
                    className="nav-link"
                    component={Link}
                    to={path}
                    onClick={onGo}
                    label={title}
                    active={pathname === path}
                    aria-current={pathname === path ? 'page' : undefined}
                    leftSection={<Icon size={17} stroke={1.6} />}
                    rightSection={path === '/queue' && active > 0 ? <Badge size="sm">{active}</Badge> : undefined}
                    px="sm"
                    py={6}
                    bdrs="sm"
                  />
                );
              })}
            </Box>
          );
        })}
      </AppShell.Section>
      <AppShell.Section>
        <Group justify="space-between" pr="xs">
          <ColorSchemes />
          <NotifyButton />
        </Group>
      </AppShell.Section>
    </>
  );
}

const schemes = [
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
  { value: 'auto', label: 'Same as system', icon: IconDeviceDesktop },
] as const;

/** Asks the browser for permission to show notifications; hidden once the user has decided. */
function NotifyButton() {
  const canAsk = () => 'Notification' in window && Notification.permission === 'default';
  const [isShown, setShown] = useState(canAsk);
  if (!isShown) return null;
  return (
    <Tooltip label="Notify me when runs end">
      <ActionIcon
        aria-label="Notify me when runs end"
        variant="subtle"
        color="gray"
        onClick={() => void Notification.requestPermission().finally(() => setShown(canAsk()))}
      >
        <IconBell size={16} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}

function ColorSchemes() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Group gap={2} px="xs" role="group" aria-label="Colours">
      {schemes.map(({ value, label, icon: Icon }) => (
        <Tooltip key={value} label={label}>
          <ActionIcon
            aria-label={label}
            aria-pressed={colorScheme === value}
            variant={colorScheme === value ? 'light' : 'subtle'}
            color={colorScheme === value ? 'ice' : 'gray'}
            onClick={() => setColorScheme(value)}
          >
            <Icon size={16} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}
