/** What Permafrost is for, three ways to begin with what each costs, and the regimes. */
import { Box, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconBox, IconFlask2, IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { bytesText } from '#contract/format';
import { defaultTable } from '#contract/paperTable';
import { regimes } from '#contract/regime';
import { useTRPC } from '../client/trpc.ts';
import { LinkButton } from '../components/LinkButton.tsx';
import { TermLink } from './TermLink.tsx';

export function WaysIn() {
  return (
    <Stack gap="lg" maw={1000}>
      <Text>
        Permafrost is a lab for frozen pretrained transformers. It freezes a transformer that was pretrained on language
        and trains a small input and a small output network around it, for tasks that are not language. It also repeats
        the experiments of published tables and says for every number whether it is reproduced.
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md" component="section" aria-label="Ways to begin">
        <Way
          icon={<IconTable size={20} stroke={1.6} />}
          title="Reproduce a table offline"
          cost="42 runs, about five minutes on two cores; no download"
          action={
            <LinkButton to="/tables" search={{ table: defaultTable, profile: 'quick' }} variant="filled">
              Open the table
            </LinkButton>
          }
        >
          Does pretraining help? Bit memory and MNIST from five starting points, on a small <TermLink term="body" />{' '}
          that comes with Permafrost. The table shows every number with its interval, and what pretraining gains.
        </Way>
        <Gpt2Way />
        <Way
          icon={<IconFlask2 size={20} stroke={1.6} />}
          title="Train one run"
          cost="Minutes with the small body; no download"
          action={<LinkButton to="/new">Make a run</LinkButton>}
        >
          Choose a task, a <TermLink term="body" /> and a <TermLink term="regime" />; watch the curves. The form says
          what a run costs before it starts.
        </Way>
      </SimpleGrid>
      <section aria-label="Regimes">
        <Title order={2} mb="xs">
          Regimes
        </Title>
        <dl className="facts">
          {(['FPT', 'FRT', 'URT'] as const).map((name) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{regimes[name]}</dd>
            </div>
          ))}
        </dl>
      </section>
    </Stack>
  );
}

function Gpt2Way() {
  const models = useQuery(useTRPC().zoo.list.queryOptions());
  const gpt2 = models.data?.find(({ name }) => name === 'gpt2');
  const isHere = gpt2?.state === 'here';
  const size = gpt2?.downloadBytes ? `${bytesText(gpt2.downloadBytes)} of download` : 'A download';
  return (
    <Way
      icon={<IconBox size={20} stroke={1.6} />}
      title="Reproduce with GPT-2"
      cost={`${isHere ? 'GPT-2 is on this machine' : size}; hours on a processor`}
      action={
        <Group gap="xs">
          {!isHere && (
            <LinkButton to="/zoo" search={{ model: 'gpt2' }}>
              Fetch GPT-2
            </LinkButton>
          )}
          <LinkButton to="/tables" search={{ table: 'q1-fpt', profile: 'paper' }}>
            Open the table
          </LinkButton>
        </Group>
      }
    >
      Question 1 as published: five tasks on frozen GPT-2. The table says how long every cell takes before it trains
      one.
    </Way>
  );
}

interface WayProps {
  icon: ReactNode;
  title: string;
  /** Time and download. */
  cost: string;
  action: ReactNode;
  children: ReactNode;
}

function Way({ icon, title, cost, action, children }: WayProps) {
  return (
    <Card withBorder component="article" aria-label={title}>
      <Stack gap="xs" h="100%">
        <Group gap="xs" wrap="nowrap" c="var(--mantine-primary-color-filled)">
          <Box flex="none" lh={0} aria-hidden>
            {icon}
          </Box>
          <Title order={2} c="var(--mantine-color-text)">
            {title}
          </Title>
        </Group>
        <Text size="sm" flex={1} component="div">
          {children}
        </Text>
        <Text size="sm" fw={600}>
          {cost}
        </Text>
        <div>{action}</div>
      </Stack>
    </Card>
  );
}
