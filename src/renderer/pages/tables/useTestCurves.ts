/** The curves of a table's runs, for its picture. */
import { useQueries, useQueryClient } from '@tanstack/react-query';
import type { Curve } from '#contract/runRow';
import type { TableState } from '#contract/tableState';
import { pointsOfCurve, type TestCurves, testCurvesOf } from '#pictures/stepCurves';
import { useTRPC } from '../../client/trpc.ts';
import { isActive, runsOf } from './requests.ts';

/** Milliseconds between two readings of a running run. */
const pace = 5000;

const none: TestCurves = new Map();

/** The test curves of all runs. Empty until all have loaded, so that the picture is drawn once; null if one cannot be read. */
export function useTestCurves(state: TableState): TestCurves | null {
  const trpc = useTRPC();
  const runs = runsOf(state.results);
  return useQueries({
    queries: runs.map((run) => ({
      ...trpc.runs.curve.queryOptions({ id: run.id, key: 'test_metric', points: pointsOfCurve }),
      refetchInterval: isActive(run) ? pace : (false as const),
    })),
    combine: (found) => {
      if (found.some(({ isError }) => isError)) return null;
      const curves = found.flatMap(({ data }, i) => (data ? [[runs[i].id, data] as const] : []));
      return curves.length < runs.length ? none : readFrom(state, new Map(curves));
    },
  });
}

/** Reads the curves once, to save the picture. */
export function useFetchTestCurves(): (state: TableState) => Promise<TestCurves> {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return async (state) => {
    const read = async (id: string) =>
      [
        id,
        await queries.fetchQuery(trpc.runs.curve.queryOptions({ id, key: 'test_metric', points: pointsOfCurve })),
      ] as const;
    return readFrom(state, new Map(await Promise.all(runsOf(state.results).map(({ id }) => read(id)))));
  };
}

const readFrom = (state: TableState, curves: ReadonlyMap<string, Curve>): TestCurves =>
  testCurvesOf(state, (run) => curves.get(run)?.points ?? []);
