/** What can be done to a data set, with word of it. Rejections are told, not thrown. */
import { useQueryClient } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { bytes } from '../../components/format.ts';
import { notifyDone, notifyError } from '../../components/notify.ts';

export interface DataActions {
  /** `from`: a folder that has the files already. */
  pull(name: string, from?: string): Promise<void>;
  pause(name: string): Promise<void>;
  cancel(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

export function useDataActions(): DataActions {
  const trpc = useTRPC();
  const { data } = useTRPCClient();
  const queries = useQueryClient();
  const act = async (failure: string, work: () => Promise<unknown>) => {
    await work().catch((error) => notifyError(failure, error));
    await queries.invalidateQueries({ queryKey: trpc.data.pathKey() });
  };
  return {
    pull: (name, from) => act(`${name} cannot be fetched`, () => data.pull.mutate({ name, from })),
    pause: (name) => act(`${name} could not be paused`, () => data.pause.mutate({ name })),
    cancel: (name) => act(`${name} could not be cancelled`, () => data.cancel.mutate({ name })),
    remove: (name) =>
      act(`${name} could not be removed`, async () => {
        const { freedBytes, kept } = await data.rm.mutate({ name });
        const left = kept.length > 0 ? ` Not deleted, since Permafrost did not bring them: ${kept.join(', ')}.` : '';
        notifyDone(`${name} removed, ${bytes(freedBytes)} freed.${left}`);
      }),
  };
}
