/** Controls for the table, its profile, its view and the tolerance of its verdicts. */
import { Group, NumberInput, SegmentedControl, Select } from '@mantine/core';
import type { PaperTable } from '#contract/paperTable';
import type { Profile } from '#contract/tableState';
import type { TableQuery, TableView } from './useTable.ts';

interface TableControlsProps {
  tables: readonly PaperTable[];
  asked: TableQuery & { set(changes: Partial<TableQuery>): void };
}

const profileLabels: { value: Profile; label: string }[] = [
  { value: 'quick', label: 'Quick' },
  { value: 'paper', label: 'As published' },
];

const viewLabels: { value: TableView; label: string }[] = [
  { value: 'numbers', label: 'Numbers' },
  { value: 'picture', label: 'Picture' },
];

export function TableControls({ tables, asked }: TableControlsProps) {
  const { table, profile, tolerance, view, set } = asked;
  const allow = (name: 'accuracy' | 'mae') => (value: string | number) =>
    typeof value === 'number' && set({ tolerance: { ...tolerance, [name]: value / 100 } });
  const counts = tables.find(({ id }) => id === table)?.cells.some(({ resultIs }) => resultIs === 'steps');
  return (
    <Group gap="sm" align="flex-end" className="no-print">
      <Select
        label="Table"
        size="xs"
        flex={1}
        miw={280}
        maw={520}
        searchable
        allowDeselect={false}
        maxDropdownHeight={420}
        nothingFoundMessage="No table matches these words"
        data={tables.map(({ id, title }) => ({ value: id, label: title }))}
        value={tables.some(({ id }) => id === table) ? table : null}
        onChange={(next) => next && set({ table: next, cell: '' })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Profile"
        data={profileLabels}
        value={profile}
        onChange={(next) => set({ profile: next as Profile })}
      />
      <SegmentedControl
        size="xs"
        aria-label="View"
        data={viewLabels}
        value={view}
        onChange={(next) => set({ view: next as TableView })}
      />
      <NumberInput
        label="Accuracy within"
        size="xs"
        w={118}
        suffix=" points"
        min={0}
        max={100}
        step={0.5}
        decimalScale={3}
        clampBehavior="strict"
        value={hundredths(tolerance.accuracy)}
        onChange={allow('accuracy')}
      />
      <NumberInput
        label="Errors within"
        size="xs"
        w={118}
        suffix=" %"
        min={0}
        max={1000}
        step={1}
        decimalScale={3}
        clampBehavior="strict"
        value={hundredths(tolerance.mae)}
        onChange={allow('mae')}
      />
      {counts && (
        <NumberInput
          label="Steps to"
          size="xs"
          w={118}
          min={0}
          step={0.01}
          decimalScale={4}
          placeholder="as in each cell"
          value={tolerance.threshold ?? ''}
          onChange={(value) =>
            set({ tolerance: { ...tolerance, threshold: value === '' ? undefined : Number(value) } })
          }
        />
      )}
    </Group>
  );
}

const hundredths = (share: number): number => Number((100 * share).toPrecision(6));
