/** What can be done to a data set, with word of it and a way back. Rejections are told, not thrown. */
import { useQueryClient } from '@tanstack/react-query';
import { createElement } from 'react';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { bytes } from '../../components/format.ts';
import { dismiss, notifyDone, notifyError } from '../../components/notify.ts';
import { UndoMessage } from '../../components/UndoMessage.tsx';

export interface DataActions {
  /** `from`: a folder that has the files already. */
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
    await work().catch((error) => notifyError(failure, error));
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
        const left = kept.length > 0 ? ` What Permafrost did not bring stays: ${kept[0]}${more}.` : '';
        const id = `removed-${name}`;
        const onUndo = () => {
          dismiss(id);
          void restore(name);
        };
        const text = `${name} removed, ${bytes(freedBytes)}. It can be restored until Permafrost ends.${left}`;
        notifyDone(createElement(UndoMessage, { text, onUndo }), id);
      }),
  };
}
