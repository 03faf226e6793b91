/** Actions on a data set. They show results and errors as messages; removals can be undone. */
import { useQueryClient } from '@tanstack/react-query';
import { bytesText } from '#contract/format';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { attempt, notifyDone } from '../../components/notify.tsx';

export interface DataActions {
  /** `from`: a folder that already has the files. */
  pull(name: string, from?: string): Promise<void>;
  pause(name: string): Promise<void>;
  cancel(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  restore(name: string): Promise<void>;
}

export function useDataActions(): DataActions {
  const trpc = useTRPC();
  const { data } = useTRPCClient();
  const queries = useQueryClient();
  const act = async (failure: string, work: () => Promise<unknown>) => {
    await attempt(failure, work);
    await queries.invalidateQueries({ queryKey: trpc.data.pathKey() });
  };
  const restore = (name: string) => act(`${name} could not be restored`, () => data.restore.mutate({ name }));
  return {
    restore,
    pull: (name, from) => act(`${name} cannot be fetched`, () => data.startPull.mutate({ name, from })),
    pause: (name) => act(`${name} could not be paused`, () => data.pause.mutate({ name })),
    cancel: (name) => act(`${name} could not be cancelled`, () => data.cancel.mutate({ name })),
    remove: (name) =>
      act(`${name} could not be removed`, async () => {
        const { freedBytes, kept } = await data.rm.mutate({ name });
        const more = kept.length > 1 ? ` and ${kept.length - 1} more` : '';
        const left = kept.length > 0 ? ` Files that Permafrost did not download stay: ${kept[0]}${more}.` : '';
        notifyDone(
          `${name} removed, ${bytesText(freedBytes)}. It can be restored until Permafrost exits.${left}`,
          () => void restore(name),
        );
      }),
  };
}
