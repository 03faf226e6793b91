/** Keeps a run up to date: its row and its growing curves. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type EntryBody, type JournalEntry, metricKeys } from '#contract/run';
import type { LogLine, RunLog, RunRow } from '#contract/runRow';
import type { ChartRange } from '../../chart/series.ts';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { type CurveFeed, createFeed } from './feed.ts';

/** Points per curve requested from the store: more than a plot has pixels. */
const points = 2000;
/** Least milliseconds between two drawings of the curves. */
const drawPause = 100;

export interface RunFeed {
  /** Null until the first message. */
  row: RunRow | null;
  curves: CurveFeed;
  isLoading: boolean;
  error: unknown;
  /** The error of the live connection; null while it works. */
  lost: unknown;
  retry(): void;
}

/** Watches a run, with curves over a range of steps or all of them. */
export function useRunFeed(id: string, range: ChartRange | null): RunFeed {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [feed] = useState(createFeed);
  const [row, setRow] = useState<RunRow | null>(null);
  const redraw = useRedraw();
  const from = range ? Math.max(0, Math.floor(range[0])) : undefined;
  const to = range ? Math.max(0, Math.ceil(range[1])) : undefined;

  const stored = useQuery({
    queryKey: [trpc.runs.curve.queryKey({ id }), from, to],
    queryFn: async () => ({
      range: from === undefined || to === undefined ? null : ([from, to] as const),
      curves: await Promise.all(metricKeys.map((key) => client.runs.curve.query({ id, key, points, from, to }))),
    }),
    staleTime: Number.POSITIVE_INFINITY, // entries keep it fresh
    gcTime: 0,
  });
  useEffect(() => {
    for (const [i, key] of metricKeys.entries())
      if (stored.data) feed.load(key, stored.data.curves[i], stored.data.range);
    redraw();
  }, [stored.data, feed, redraw]);

  const [after, setAfter] = useState<number | null>(null);
  if (after === null && stored.data) setAfter(Math.min(...stored.data.curves.map(({ seq }) => seq)));

  /** The queries to repeat after each kind of entry. */
  const stale: Partial<Record<EntryBody['kind'], { queryKey: readonly unknown[] }[]>> = {
    checkpoint: [trpc.runs.checkpoints.queryFilter({ id })],
    started: [
      trpc.runs.get.queryFilter({ id }),
      trpc.runs.log.queryFilter({ id }),
      trpc.runs.frozen.queryFilter({ id }),
    ],
    ended: [
      trpc.runs.get.queryFilter({ id }),
      trpc.runs.log.queryFilter({ id }),
      trpc.runs.checkpoints.queryFilter({ id }),
      trpc.runs.frozen.queryFilter({ id }),
    ],
  };
  const onEntries = (entries: readonly JournalEntry[]) => {
    if (feed.add(entries)) void stored.refetch();
    const said = entries.flatMap(({ at, body }) =>
      body.kind === 'log' ? [{ at, level: body.level, text: body.text }] : [],
    );
    // added here, because reading the log again means reading the whole journal
    if (said.length > 0) queryClient.setQueryData(trpc.runs.log.queryKey({ id }), (log) => log && withLines(log, said));
    for (const kind of new Set(entries.map(({ body }) => body.kind)))
      for (const filter of stale[kind] ?? []) void queryClient.invalidateQueries(filter);
    redraw();
  };
  const live = useSubscription(
    trpc.runs.events.subscriptionOptions(
      { id, after: after ?? 0 },
      {
        enabled: after !== null,
        onData: ({ data }) => {
          setRow(data.row);
          onEntries(data.entries);
        },
      },
    ),
  );

  return {
    row,
    curves: feed,
    isLoading: stored.isPending,
    error: stored.error,
    lost: live.status === 'error' ? live.error : null,
    retry: () => {
      if (stored.isError) void stored.refetch();
      live.reset();
    },
  };
}

/** A log with the lines added that it lacks; it may have been read after they were written. */
function withLines(log: RunLog, said: readonly LogLine[]): RunLog {
  const isNew = ({ at, text }: LogLine) => !log.lines.some((line) => line.at === at && line.text === text);
  return { ...log, lines: [...log.lines, ...said.filter(isNew)] };
}

/** Renders this component again, at most ten times a second. */
function useRedraw(): () => void {
  const [, setTick] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      setTick((tick) => tick + 1);
    }, drawPause);
  }, []);
}
