/** Filters of the list of models, and the training that "fits" refers to. The address keeps both. */
import { Group, SegmentedControl, Select, Switch, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useRef } from 'react';
import type { ZooFilter, ZooModel } from '#contract/zoo';
import { CountInput } from '../../components/CountInput.tsx';
import type { Address } from '../../components/useAddress.ts';
import type { SearchName } from '../../searches.ts';

export type ZooAddress = Address<SearchName<'/zoo'>>;

const sizes = [
  { value: '10', label: 'up to 10 M' },
  { value: '150', label: 'up to 150 M' },
  { value: '500', label: 'up to 500 M' },
];
const chosen = (text: string): string | undefined => text || undefined;

/** The filter in the address. */
export function filterOf({ get }: ZooAddress): ZooFilter {
  const millions = Number(get('size'));
  return {
    text: get('text'),
    family: chosen(get('family')),
    language: chosen(get('language')),
    licence: chosen(get('licence')),
    largest: millions > 0 ? millions * 1e6 : undefined,
    here: get('here') === 'yes' ? true : undefined,
  };
}
export const noFilter = { text: '', family: '', language: '', licence: '', size: '', here: '' };

/** The training that has to fit into memory: batch size, and whether the body is frozen. */
export function trainingOf({ get }: ZooAddress): { batch: number; frozen: boolean } {
  const batch = Math.trunc(Number(get('batch')));
  return { batch: batch >= 1 ? batch : defaultBatch, frozen: get('train') !== 'all' };
}
const defaultBatch = 25; // of dl-project

interface ModelFiltersProps {
  models: readonly ZooModel[];
  address: ZooAddress;
}

export function ModelFilters({ models, address }: ModelFiltersProps) {
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => input.current?.focus()]]);
  const { batch, frozen } = trainingOf(address);
  const values = (of: (model: ZooModel) => string) => [...new Set(models.map(of))].sort((a, b) => a.localeCompare(b));
  const choice = (name: SearchName<'/zoo'>, label: string, data: string[] | typeof sizes, w: number) => (
    <Select
      size="xs"
      w={w}
      aria-label={label}
      placeholder={label}
      data={data}
      value={address.get(name) || null}
      onChange={(value) => address.set({ [name]: value ?? '' })}
      clearable
    />
  );
  return (
    <Group gap="xs">
      <TextInput
        ref={input}
        size="xs"
        flex={1}
        miw={180}
        aria-label="Search models"
        placeholder="Search      press / to type"
        leftSection={<IconSearch size={15} />}
        value={address.get('text')}
        onChange={(event) => address.set({ text: event.currentTarget.value })}
        onKeyDown={(event) => event.key === 'Escape' && address.set({ text: '' })}
      />
      {choice(
        'family',
        'Family',
        values(({ family }) => family),
        120,
      )}
      {choice('size', 'Size', sizes, 110)}
      {choice(
        'language',
        'Language',
        values(({ language }) => language),
        104,
      )}
      {choice(
        'licence',
        'Licence',
        values(({ licence }) => licence ?? 'none stated'),
        104,
      )}
      <Switch
        size="sm"
        label="Here"
        checked={address.get('here') === 'yes'}
        onChange={(event) => address.set({ here: event.currentTarget.checked ? 'yes' : '' })}
      />
      <CountInput
        name="Batch"
        label="Batch size"
        width={112}
        max={100_000}
        value={batch}
        onChange={(next) => address.set({ batch: next === defaultBatch ? '' : `${next}` })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Frozen or unfrozen body"
        value={frozen ? 'frozen' : 'all'}
        onChange={(value) => address.set({ train: value === 'all' ? 'all' : '' })}
        data={[
          { value: 'frozen', label: 'Frozen' },
          { value: 'all', label: 'Unfrozen' },
        ]}
      />
    </Group>
  );
}
