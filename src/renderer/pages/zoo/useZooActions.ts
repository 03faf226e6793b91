/** Actions on a model. They show results and errors as messages; removals can be undone. */
import { useQueryClient } from '@tanstack/react-query';
import { bytesText } from '#contract/format';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { attempt, notifyDone } from '../../components/notify.tsx';

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
    await attempt(failure, work);
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
        notifyDone(
          `${name} removed, ${bytesText(freed)}. It can be restored until Permafrost exits.`,
          () => void restore(name),
        );
      }),
    verify: (name) =>
      act(`${name} could not be verified`, async () => {
        const { problems, expected, bytes: size } = await zoo.verify.mutate({ name });
        if (problems.length > 0) throw new Error(`${problems.join('; ')}. Remove it and fetch it again.`);
        const digest = expected ? 'the SHA-256 equals the source’s' : 'the source states no digest';
        notifyDone(`${name}: ${bytesText(size)}, all weights have the expected names and shapes, ${digest}.`);
      }),
  };
}
