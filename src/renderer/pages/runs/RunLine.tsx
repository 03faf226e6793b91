/** A line of the table: a run, or a group of runs with their means. */
import { Box, Checkbox, Text, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import { metricText, plural } from '#contract/format';
import type { MetricColumn, RunGroup } from '#contract/groups';
import type { RunRow } from '#contract/runRow';
import { StateBadge } from '../../components/StateBadge.tsx';
import type { Column } from '../../runs/columns.ts';
import type { Item } from '../../runs/items.ts';
import { timeLeftText } from '../../runs/secondsLeft.ts';

interface RunLineProps {
  item: Item;
  columns: readonly Column[];
  index: number;
  /** Pixels from the top. */
  start: number;
  current: boolean;
  selected: boolean;
  onSelect(index: number, extend: boolean): void;
  onOpen(index: number): void;
}

export const RunLine = memo(function RunLine(props: RunLineProps) {
  const { item, columns, index, start, current, selected, onSelect, onOpen } = props;
  const name = item.kind === 'run' ? item.row.name : item.label;
  return (
    <Box
      role="row"
      id={`line-${index}`}
      className="grid-row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-expanded={item.kind === 'group' ? item.open : undefined}
      aria-level={item.kind === 'group' ? 1 : item.inside ? 2 : undefined}
      data-current={current || undefined}
      style={{ transform: `translateY(${start}px)`, height: 32 }}
    >
      <Box role="gridcell" className="grid-cell">
        <Checkbox
          size="xs"
          tabIndex={-1}
          aria-label={`Select ${name}`}
          checked={selected}
          onChange={() => {}}
          onClick={(event) => onSelect(index, event.shiftKey)}
        />
      </Box>
      {columns.map((column) => (
        <Box key={column.id} role="gridcell" className="grid-cell" data-numeric={column.numeric || undefined}>
          {item.kind === 'run' ? (
            <RunCell row={item.row} column={column} inside={item.inside} />
          ) : (
            <GroupCell item={item} column={column} onOpen={() => onOpen(index)} />
          )}
        </Box>
      ))}
    </Box>
  );
});

const cells: Record<string, (row: RunRow, text: string, inside: boolean) => ReactNode> = {
  name: (row, text, inside) => (
    <Link
      to="/runs/$id"
      params={{ id: row.id }}
      tabIndex={-1}
      style={{ paddingLeft: inside ? 22 : 0 }}
      title={row.note || text}
    >
      {text}
      {inside && (
        <Text span inherit c="dimmed">
          {` seed ${row.seed}`}
        </Text>
      )}
    </Link>
  ),
  device: (row, text) => <span title={row.device ?? ''}>{text}</span>,
  state: (row, text) => (
    <Tooltip label={aboutState(row)} disabled={!aboutState(row)}>
      <span>
        <StateBadge state={row.state} text={text} />
      </span>
    </Tooltip>
  ),
};

/** The reason of a state; the time left of a running run. */
const aboutState = (row: RunRow): string | undefined =>
  row.state === 'running' ? `Running, ${timeLeftText(row)}` : row.reason?.message;

function RunCell({ row, column, inside }: { row: RunRow; column: Column; inside: boolean }) {
  const text = column.text(row);
  return cells[column.id]?.(row, text, inside) ?? <span title={text}>{text}</span>;
}

interface GroupCellProps {
  item: Extract<Item, { kind: 'group' }>;
  column: Column;
  onOpen(): void;
}

function GroupCell({ item: { group, label, open }, column, onOpen }: GroupCellProps) {
  const Chevron = open ? IconChevronDown : IconChevronRight;
  if (column.id === 'name')
    return (
      <button type="button" className="group-toggle" tabIndex={-1} title={label} onClick={onOpen}>
        <Chevron size={15} aria-hidden />
        <span className="truncate">{label}</span>
      </button>
    );
  if (column.id === 'n') return group.rows.length;
  if (column.id in group.means) return <MeanCell group={group} column={column.id as MetricColumn} />;
  return <SharedCell group={group} column={column} />;
}

/** Mean ± the wider side of the 95 % interval, because a column has no room for both ends; n if the mean leaves out some runs. */
function MeanCell({ group, column }: { group: RunGroup; column: MetricColumn }) {
  const mean = group.means[column];
  if (!mean) return null;
  const { metric } = group.rows[0];
  const half = Math.max(mean.high - mean.mean, mean.mean - mean.low);
  const range = `${metricText(mean.low, metric)} … ${metricText(mean.high, metric)}`;
  const basis = `Mean of ${plural(mean.n, 'run')}`;
  const spread =
    mean.n > 1 ? `with its 95 % interval ${range}` : half > 0 ? '± its evaluation noise only' : 'without an interval';
  return (
    <Tooltip label={`${basis} ${spread}.`}>
      <span>
        {metricText(mean.mean, metric)}
        {half > 0 && (
          <Text span inherit c="dimmed">
            {` ± ${metricText(half, metric)}`}
          </Text>
        )}
        {mean.n < group.rows.length && (
          <Text span inherit c="dimmed">
            {` (${mean.n})`}
          </Text>
        )}
      </span>
    </Tooltip>
  );
}

/** The text that all runs of the group share, or the number of different texts. */
function SharedCell({ group, column }: { group: RunGroup; column: Column }) {
  const states = new Set(group.rows.map((row) => row.state));
  if (column.id === 'state' && states.size === 1) return <StateBadge state={group.rows[0].state} />;
  const texts = new Set(column.id === 'state' ? states : group.rows.map((row) => column.text(row)));
  if (texts.size === 1) return [...texts][0];
  return (
    <Text span inherit c="dimmed" title={[...texts].slice(0, 20).join(', ')}>
      {texts.size} differ
    </Text>
  );
}
