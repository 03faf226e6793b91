/**
 * The table of runs: a grid that renders only its visible lines. Keys: arrows, Page Up/Down and Home/End move; Space selects;
 * Enter opens a run or a group; Ctrl+A selects all; Escape clears the selection.
 */
import { Box, Checkbox, Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type KeyboardEvent, type MouseEvent, useCallback, useMemo, useRef, useState } from 'react';
import type { Column } from '../../runs/columns.ts';
import { type Item, itemRuns } from '../../runs/items.ts';
import { pressed, type SortKey } from '../../runs/sort.ts';
import { checkboxWidth, leastWidth } from '../../runs/visibleColumns.ts';
import { RunLine } from './RunLine.tsx';

export const lineHeight = 32;

interface RunTableProps {
  items: readonly Item[];
  columns: readonly Column[];
  grouped: boolean;
  sort: readonly SortKey[];
  onSort(keys: SortKey[]): void;
  /** Ids of runs. */
  selected: ReadonlySet<string>;
  onSelect(ids: ReadonlySet<string>): void;
  /** Opens or closes a group. */
  onOpen(key: string): void;
}

export function RunTable({ items, columns, grouped, sort, onSort, selected, onSelect, onOpen }: RunTableProps) {
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const anchor = useRef(0);
  const layout = useMemo(() => layoutOf(columns), [columns]);
  const lines = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 10,
  });
  const at = Math.min(current, items.length - 1);

  const move = (index: number, extend: boolean) => {
    const next = Math.max(0, Math.min(items.length - 1, index));
    setCurrent(next);
    lines.scrollToIndex(next);
    if (extend) onSelect(idsBetween(items, anchor.current, next));
    else anchor.current = next;
  };
  const select = (index: number, extend: boolean) => {
    setCurrent(index);
    if (extend) return onSelect(idsBetween(items, anchor.current, index));
    anchor.current = index;
    onSelect(toggledRuns(selected, items[index]));
  };
  const open = (index: number) => {
    const item = items[index];
    if (item.kind === 'group') onOpen(item.key);
    else void navigate({ to: '/runs/$id', params: { id: item.row.id } });
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / lineHeight) - 2);
  const onKeyDown = (event: KeyboardEvent) => {
    const { shiftKey } = event;
    const all = () => (event.ctrlKey || event.metaKey) && onSelect(idsBetween(items, 0, items.length - 1));
    const keys: Record<string, () => unknown> = {
      ArrowDown: () => move(at + 1, shiftKey),
      ArrowUp: () => move(at - 1, shiftKey),
      PageDown: () => move(at + page, shiftKey),
      PageUp: () => move(at - page, shiftKey),
      Home: () => move(0, shiftKey),
      End: () => move(items.length - 1, shiftKey),
      ' ': () => select(at, shiftKey),
      Enter: () => open(at),
      Escape: () => onSelect(new Set()),
      a: all,
    };
    if (event.target !== event.currentTarget || !Object.hasOwn(keys, event.key)) return;
    if (keys[event.key]() !== false) event.preventDefault();
  };

  // lines are memoized, so their callbacks must keep their identity
  const latest = useRef({ select, open });
  latest.current = { select, open };
  const onLineSelect = useCallback((index: number, extend: boolean) => latest.current.select(index, extend), []);
  const onLineOpen = useCallback((index: number) => latest.current.open(index), []);

  const total = useMemo(() => items.reduce((sum, item) => sum + (item.kind === 'run' ? 1 : 0), 0), [items]);
  const everything = selected.size > 0 && items.every((item) => itemRuns(item).every(({ id }) => selected.has(id)));
  return (
    <Box
      ref={scroller}
      role={grouped ? 'treegrid' : 'grid'}
      tabIndex={0}
      className="grid"
      style={{ maxHeight: '100%', '--columns': layout.template } as CSSProperties}
      aria-label={`Runs, ${total}`}
      aria-rowcount={items.length + 1}
      aria-multiselectable
      aria-activedescendant={`line-${at}`}
      onKeyDown={onKeyDown}
    >
      <Box style={{ minWidth: layout.least }}>
        <Box role="rowgroup" className="grid-head">
          <Box role="row" className="grid-row" aria-rowindex={1}>
            <Box role="columnheader" className="grid-cell">
              <Checkbox
                size="xs"
                aria-label="Select all"
                checked={everything}
                indeterminate={selected.size > 0 && !everything}
                onChange={() => onSelect(everything ? new Set() : idsBetween(items, 0, items.length - 1))}
              />
            </Box>
            {columns.map((column) => (
              <Head
                key={column.id}
                column={column}
                sort={sort}
                onPress={(event) => onSort(pressed(sort, column.id, column.numeric, event.shiftKey))}
              />
            ))}
          </Box>
        </Box>
        <Box role="rowgroup" className="grid-body" style={{ height: lines.getTotalSize(), position: 'relative' }}>
          {lines.getVirtualItems().map(({ index, start }) => {
            const item = items[index];
            return (
              <RunLine
                key={item.key}
                item={item}
                columns={columns}
                index={index}
                start={start}
                current={index === at}
                selected={itemRuns(item).every(({ id }) => selected.has(id))}
                onSelect={onLineSelect}
                onOpen={onLineOpen}
              />
            );
          })}
        </Box>
      </Box>
    </Box>
  );
}

interface HeadProps {
  column: Column;
  sort: readonly SortKey[];
  onPress(event: MouseEvent): void;
}

function Head({ column: { label, help, id, numeric }, sort, onPress }: HeadProps) {
  const place = sort.findIndex(({ column }) => column === id);
  const key = sort[place];
  const Arrow = key?.descending ? IconArrowDown : IconArrowUp;
  return (
    <Box
      role="columnheader"
      className="grid-cell"
      data-numeric={numeric || undefined}
      aria-sort={!key ? 'none' : key.descending ? 'descending' : 'ascending'}
    >
      <Tooltip label={`${help}. Click to sort; Shift+click to add to the sort.`}>
        <button type="button" onClick={onPress}>
          {label}
          {key && <Arrow size={13} stroke={2} aria-hidden />}
          {key && sort.length > 1 && <span>{place + 1}</span>}
        </button>
      </Tooltip>
    </Box>
  );
}

/** The columns in CSS, and the least width of a line in pixels. */
function layoutOf(columns: readonly Column[]): { template: string; least: number } {
  const tracks = columns.map(({ width: [least, share] }) => (share ? `minmax(${least}px, ${share}fr)` : `${least}px`));
  return {
    template: [`${checkboxWidth}px`, ...tracks].join(' '),
    least: leastWidth(columns),
  };
}

const idsBetween = (items: readonly Item[], a: number, b: number): ReadonlySet<string> =>
  new Set(items.slice(Math.min(a, b), Math.max(a, b) + 1).flatMap((item) => itemRuns(item).map(({ id }) => id)));

/** Selects all runs of the item, or none if all were selected. */
function toggledRuns(selected: ReadonlySet<string>, item: Item): ReadonlySet<string> {
  const ids = itemRuns(item).map(({ id }) => id);
  const next = new Set(selected);
  const remove = ids.every((id) => next.has(id));
  for (const id of ids) remove ? next.delete(id) : next.add(id);
  return next;
}
