/** A choice of regimes and published configs to start from. */
import {
  Button,
  type ComboboxItem,
  type ComboboxItemGroup,
  Group,
  Input,
  type OptionsFilter,
  Select,
  Stack,
  Text,
  Tooltip,
} from '@mantine/core';
import type { Preset } from '#contract/catalogue';
import type { ConfigField } from '#contract/config';
import { numberText } from '#contract/format';
import { TermLink } from '../../help/TermLink.tsx';
import type { Draft } from './draft.ts';

/** Finds presets whose name, or whose table's name, contains every typed word in any order. */
const matching: OptionsFilter = ({ options, search }) => {
  const words = search.toLowerCase().split(/\s+/);
  const has = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  return (options as ComboboxItemGroup<ComboboxItem>[]).flatMap(({ group, items }) => {
    const found = items.filter(({ value, label }) => has(`${group} ${value} ${label}`));
    return found.length > 0 ? [{ group, items: found }] : [];
  });
};

interface PresetMenuProps {
  presets: readonly Preset[];
  draft: Draft;
  /** Why a regime cannot be chosen; undefined where it can. */
  problemOf(regime: Preset): string | undefined;
  onPick(preset: Preset): void;
}

export function PresetMenu({ presets, draft, problemOf, onPick }: PresetMenuProps) {
  const own = presets.filter(({ whole }) => !whole);
  const whole = presets.filter((preset) => preset.whole);
  const groups = [...new Set(whole.map(({ group }) => group))].map((group) => ({
    group,
    items: whole
      .filter((p) => p.group === group)
      .map(({ id, title, isPossible }) => ({
        value: id,
        label: title,
        disabled: !isPossible,
      })),
  }));
  /** Whether the draft already has its settings. */
  const holds = ({ settings }: Preset) =>
    Object.entries(settings).every(([field, value]) => draft[field as ConfigField] === value);
  const byId = new Map(presets.map((preset) => [preset.id, preset]));
  return (
    <Group align="flex-end" gap="lg">
      <Input.Wrapper label={<TermLink term="regime">Regime</TermLink>} labelElement="div">
        <Group gap={6}>
          {own.map((preset) => (
            <Tooltip key={preset.id} label={problemOf(preset) ?? preset.source} multiline w={280}>
              <Button
                variant={holds(preset) ? 'light' : 'default'}
                aria-pressed={holds(preset)}
                data-disabled={problemOf(preset) !== undefined || undefined}
                aria-disabled={problemOf(preset) !== undefined}
                size="sm"
                px="sm"
                onClick={() => problemOf(preset) === undefined && onPick(preset)}
              >
                {preset.title}
              </Button>
            </Tooltip>
          ))}
        </Group>
      </Input.Wrapper>
      <Select
        label="Published run"
        placeholder="Fill the form from a published table"
        flex={1}
        miw={260}
        searchable
        filter={matching}
        nothingFoundMessage="No published run matches all of these words"
        data={groups}
        value={null}
        onChange={(id) => id && onPick(byId.get(id)!)}
        maxDropdownHeight={420}
        renderOption={({ option }) => {
          const { published, missing } = byId.get(option.value)!;
          return (
            <Stack gap={0} w="100%">
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm">{option.label}</Text>
                {published && (
                  <Text size="sm" c="dimmed">
                    {published.metric === 'mae' ? 'error' : published.metric} {numberText(published.value)}
                  </Text>
                )}
              </Group>
              {missing && (
                <Text size="xs" c="dimmed">
                  {missing}
                </Text>
              )}
            </Stack>
          );
        }}
      />
    </Group>
  );
}
