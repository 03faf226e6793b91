/** The filter box: marks errors and has a help. `/` focuses it. */
import { ActionIcon, Box, Code, Popover, Stack, Text, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconFilter, IconHelp, IconX } from '@tabler/icons-react';
import { Fragment, useRef } from 'react';
import type { FilterProblem } from '../../runs/filter.ts';
import { fieldHelp } from '../../runs/filterFields.ts';

interface FilterBoxProps {
  value: string;
  problem: FilterProblem | null;
  onChange(value: string): void;
}

export function FilterBox({ value, problem, onChange }: FilterBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => input.current?.focus()]]);
  return (
    <Box>
      <TextInput
        ref={input}
        size="xs"
        aria-label="Filter"
        placeholder="task:mnist acc>0.97 (model:gpt2 OR model:vit) -state:failed      press / to type"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && onChange('')}
        error={problem ? <Problem text={value} problem={problem} /> : undefined}
        leftSection={<IconFilter size={15} />}
        rightSectionWidth={56}
        rightSection={
          <>
            {value !== '' && (
              <ActionIcon size="sm" aria-label="Clear the filter" onClick={() => onChange('')}>
                <IconX size={14} />
              </ActionIcon>
            )}
            <Help />
          </>
        }
      />
    </Box>
  );
}

/** The filter text with its wrong part marked, and the error. */
function Problem({ text, problem: { at, length, message } }: { text: string; problem: FilterProblem }) {
  return (
    <Text span size="xs" c="var(--mantine-color-error)">
      <Text span ff="monospace" style={{ whiteSpace: 'pre' }} aria-hidden>
        {text.slice(0, at)}
        <mark style={{ background: 'none', color: 'inherit', fontWeight: 700, textDecoration: 'underline wavy' }}>
          {text.slice(at, at + length) || ' '}
        </mark>
        {text.slice(at + length)}
      </Text>
      {'  '}
      {message} (at character {at + 1})
    </Text>
  );
}

const examples: [string, string][] = [
  ['task:mnist acc>0.97', 'both match'],
  ['model:gpt2 OR model:vit', 'at least one matches'],
  ['-state:failed', 'does not match; or write NOT'],
  ['task:mnist,bit-xor', 'is one of these words'],
  ['model:gpt2*', 'begins with gpt2'],
  ['"free text"', 'occurs in id, name, task, model, tags or note'],
];

function Help() {
  return (
    <Popover width={620} position="bottom-end" withArrow shadow="md" trapFocus>
      <Popover.Target>
        <ActionIcon size="sm" aria-label="How to filter">
          <IconHelp size={15} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Rows rows={examples} />
          <Text size="xs" fw={600}>
            Fields
          </Text>
          <Rows rows={fieldHelp()} />
          <Text size="xs" c="dimmed">
            You can also filter by any field of the config: <Code>n_layer&lt;6</Code>, <Code>freeze_ln:true</Code>,{' '}
            <Code>lr&gt;1e-3</Code>.
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Rows({ rows }: { rows: readonly [string, string][] }) {
  return (
    <dl className="terms">
      {rows.map(([code, meaning]) => (
        <Fragment key={code}>
          <dt>
            <Code>{code}</Code>
          </dt>
          <dd>{meaning}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
