/** Buttons that start and stop the runs of a whole table. Runs start only after a dialog has shown their cost. */
import { Button, Group } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop, IconPlus, IconRepeat, IconRocket } from '@tabler/icons-react';
import { plural } from '#contract/format';
import type { ReproduceRequest, TableState } from '#contract/tableState';
import { CountInput } from '../../components/CountInput.tsx';
import type { Proposal } from './PlanModal.tsx';
import {
  everyCell,
  isActive,
  missingCells,
  runsOf,
  undecidedCells,
  unfinishedCells,
  type WantedSeeds,
} from './requests.ts';
import { rangeOfSeeds } from './words.ts';

interface TableButtonsProps {
  state: TableState;
  seeds: WantedSeeds;
  onSeeds(seeds: WantedSeeds): void;
  onPropose(proposal: Proposal): void;
  onStop(ids: string[]): void;
}

export function TableButtons({ state, seeds, onSeeds, onPropose, onStop }: TableButtonsProps) {
  const { table, profile, results } = state;
  const active = runsOf(results).filter(isActive);
  const missing = missingCells(results, seeds);
  const undecided = undecidedCells(results);
  const unfinished = unfinishedCells(results, seeds);
  const every = everyCell(results, seeds);
  const propose = (title: string, cells: ReproduceRequest['cells']) => () =>
    onPropose({ title, request: { table: table.id, profile, cells } });
  const partly = missing.length < every.length; // otherwise both buttons would do the same
  return (
    <Group gap="xs" className="no-print">
      <Button
        leftSection={<IconRocket size={15} />}
        disabled={every.length === 0}
        onClick={propose('Reproduce this table', every)}
      >
        Reproduce this table
      </Button>
      <CountInput
        name="Seeds"
        label="Seeds for each cell"
        width={128}
        max={100}
        value={seeds}
        whenEmpty={rangeOfSeeds(results)}
        onChange={onSeeds}
        onEmpty={() => onSeeds(null)}
      />
      {partly && missing.length > 0 && (
        <Button
          variant="default"
          leftSection={<IconPlayerPlay size={15} />}
          onClick={propose('Run the missing cells', missing)}
        >
          Run the {plural(missing.length, 'missing cell')}
        </Button>
      )}
      {undecided.length > 0 && (
        <Button
          variant="default"
          leftSection={<IconPlus size={15} />}
          onClick={propose('Add seeds where undecided', undecided)}
        >
          Add seeds where undecided ({plural(undecided.length, 'cell')})
        </Button>
      )}
      {unfinished.length > 0 && (
        <Button
          variant="default"
          leftSection={<IconRepeat size={15} />}
          onClick={propose('Resume failed or stopped runs', unfinished)}
        >
          Resume failed or stopped ({plural(unfinished.length, 'cell')})
        </Button>
      )}
      {active.length > 0 && (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={15} />}
          onClick={() => onStop(active.map(({ id }) => id))}
        >
          Stop all ({plural(active.length, 'run')})
        </Button>
      )}
    </Group>
  );
}
