/** Starts, stops and repeats the runs of a table. Shows results and errors as messages. */
import { useQueryClient } from '@tanstack/react-query';
import { plural } from '#contract/format';
import type { CellResult, ReproduceRequest } from '#contract/tableState';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { attempt, notifyDone } from '../../components/notify.tsx';
import { seedsBegun } from './requests.ts';

export type TableActions = ReturnType<typeof useTableActions>;

export function useTableActions() {
  const trpc = useTRPC();
  const { runs, tables } = useTRPCClient();
  const queries = useQueryClient();
  const refresh = () =>
    Promise.all(
      [trpc.tables.state, trpc.tables.plan, trpc.runs.list, trpc.queue.get].map((part) =>
        queries.invalidateQueries({ queryKey: part.queryKey() }),
      ),
    );
  /** Returns whether it succeeded. */
  async function act(failure: string, work: () => Promise<unknown>): Promise<boolean> {
    const done = await attempt(failure, work);
    await refresh();
    return done;
  }

  return {
    /** Trains the missing seeds of the requested cells. */
    start: (request: ReproduceRequest) =>
      act('The runs were not started', async () => {
        const ids = await tables.reproduce.mutate(request);
        notifyDone(
          `${plural(new Set(ids.flat()).size, 'run')} for ${plural(request.cells.length, 'cell')} queued or finished.`,
        );
      }),
    stop: (ids: readonly string[]) =>
      act('Not all runs could be stopped', async () => {
        for (const id of ids) await runs.stop.mutate({ id });
      }),
    resume: (ids: readonly string[]) =>
      act('Not all runs could be resumed', async () => {
        for (const id of ids) await runs.resume.mutate({ id });
      }),
    /** Moves the runs of a cell to the trash and trains the same seeds again. */
    async rerun(result: CellResult, request: Pick<ReproduceRequest, 'table' | 'profile'>): Promise<void> {
      const ids = result.runs.map(({ id }) => id);
      let fresh: string[] = [];
      const done = await act('The cell was not run again', async () => {
        await runs.trash.mutate({ ids });
        const cells = [{ id: result.cell.id, seeds: Math.max(1, seedsBegun(result)) }];
        [fresh] = await tables.reproduce.mutate({ ...request, cells });
      });
      if (!done) return;
      const undo = () =>
        void act('The action could not be undone', async () => {
          await runs.restore.mutate({ ids });
          for (const id of fresh) await runs.stop.mutate({ id });
        });
      const text = `${plural(ids.length, 'run')} moved to the trash, ${plural(fresh.length, 'run')} started again.`;
      notifyDone(text, undo);
    },
  };
}
