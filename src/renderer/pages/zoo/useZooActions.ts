/** What can be done to a model, with word of it and a way back. Rejections are told, not thrown. */
import { useQueryClient } from '@tanstack/react-query';
import { createElement } from 'react';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { bytes } from '../../components/format.ts';
import { dismiss, notifyDone, notifyError } from '../../components/notify.ts';
import { UndoMessage } from '../../components/UndoMessage.tsx';

export interface ZooActions {
  pull(name: string): Promise<void>;
  pause(name: string): Promise<void>;
  cancel(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  restore(name: string): Promise<void>;
  verify(name: string): Promise<void>;
}

export function useZooActions(): ZooActions {
  const trpc = useTRPC();
  const { zoo } = useTRPCClient();
  const queries = useQueryClient();
  const act = async (failure: string, work: () => Promise<unknown>) => {
    await work().catch((error) => notifyError(failure, error));
    await queries.invalidateQueries({ queryKey: trpc.zoo.pathKey() });
  };
  const restore = (name: string) => act(`${name} could not be restored`, () => zoo.restore.mutate({ name }));
  return {
    pull: (name) => act(`${name} cannot be fetched`, () => zoo.startPull.mutate({ name })),
    pause: (name) => act(`${name} could not be paused`, () => zoo.pause.mutate({ name })),
    cancel: (name) => act(`${name} could not be cancelled`, () => zoo.cancel.mutate({ name })),
    restore,
    remove: (name) =>
      act(`${name} could not be removed`, async () => {
        const freed = await zoo.rm.mutate({ name });
        const id = `removed-${name}`;
        const onUndo = () => {
          dismiss(id);
          void restore(name);
        };
        const text = `${name} removed, ${bytes(freed)}. It can be restored until Permafrost ends.`;
        notifyDone(createElement(UndoMessage, { text, onUndo }), id);
      }),
    verify: (name) =>
      act(`${name} could not be verified`, async () => {
        const { problems, expected, bytes: size } = await zoo.verify.mutate({ name });
        if (problems.length > 0) throw new Error(`${problems.join('; ')}. Remove it and fetch it again.`);
        const digest = expected ? 'its SHA-256 is what its source says' : 'its source states no digest';
        notifyDone(`${name}: ${bytes(size)}, every weight fits, ${digest}.`);
      }),
  };
}
