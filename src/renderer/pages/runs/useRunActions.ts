/** Actions on runs. They show results and errors as messages, with an undo button where possible. */
import { useQueryClient } from '@tanstack/react-query';
import { plural } from '#contract/format';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { attempt, notifyDone } from '../../components/notify.tsx';

const some = (ids: readonly string[]): string => (ids.length === 1 ? ids[0] : plural(ids.length, 'run'));

export function useRunActions() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();

  /** Runs `work`, reads the rows again and shows `done`, or the error under the title `failure`. */
  async function act(failure: string, work: () => Promise<unknown>, done?: string, undo?: () => Promise<unknown>) {
    const succeeded = await attempt(failure, work);
    await queries.invalidateQueries({ queryKey: trpc.runs.list.queryKey() });
    if (succeeded && done) notifyDone(done, undo && (() => void act('The action could not be undone', undo)));
  }
  /** One after the other; stops at the first failure. */
  const each = async (ids: readonly string[], ask: (input: { id: string }) => Promise<unknown>) => {
    for (const id of ids) await ask({ id });
  };
  const { runs } = client;
  const all = (ids: readonly string[]) => ({ ids: [...ids] });

  return {
    pause: (ids: readonly string[]) => act('Not all runs could be paused', () => each(ids, runs.pause.mutate)),
    stop: (ids: readonly string[]) => act('Not all runs could be stopped', () => each(ids, runs.stop.mutate)),
    resume: (ids: readonly string[]) => act('Not all runs could be resumed', () => each(ids, runs.resume.mutate)),
    archive: (ids: readonly string[], archived: boolean) =>
      act(
        'The runs could not be moved',
        () => runs.archive.mutate({ ...all(ids), archived }),
        `${some(ids)} ${archived ? 'archived' : 'unarchived'}.`,
        () => runs.archive.mutate({ ...all(ids), archived: !archived }),
      ),
    trash: (ids: readonly string[]) =>
      act(
        'The runs could not be moved to the trash',
        () => runs.trash.mutate(all(ids)),
        `${some(ids)} moved to the trash.`,
        () => runs.restore.mutate(all(ids)),
      ),
    restore: (ids: readonly string[]) =>
      act('The runs could not be restored', () => runs.restore.mutate(all(ids)), `${some(ids)} restored.`),
    emptyTrash: () => act('The trash could not be emptied', () => runs.emptyTrash.mutate(), 'The trash is empty.'),
    tag: (ids: readonly string[], add: string[], remove: string[]) =>
      act('The tags could not be changed', () => each(ids, ({ id }) => runs.tag.mutate({ id, add, remove }))),
  };
}
