/** What can be done to runs, with word of it and a way back where there is one. Rejections are told, not thrown. */
import { useQueryClient } from '@tanstack/react-query';
import { createElement } from 'react';
import { plural } from '#contract/format';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { dismiss, notifyDone, notifyError } from '../../components/notify.ts';
import { UndoMessage } from '../../components/UndoMessage.tsx';

const some = (ids: readonly string[]): string => (ids.length === 1 ? ids[0] : plural(ids.length, 'run'));

export function useRunActions() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();

  /** Does something, reads the rows again and tells what was done, or what went wrong. */
  async function act(failure: string, work: () => Promise<unknown>, done?: string, undo?: () => Promise<unknown>) {
    const failed = await work().then(
      () => false,
      (error) => {
        notifyError(failure, error);
        return true;
      },
    );
    await queries.invalidateQueries({ queryKey: trpc.runs.list.queryKey() });
    if (failed || !done) return;
    const id = `${done}-${Date.now()}`;
    const back = () => {
      dismiss(id);
      if (undo) void act('It could not be undone', undo);
    };
    notifyDone(createElement(UndoMessage, { text: done, onUndo: undo && back }), id);
  }
  /** One after the other: the first that fails ends it. */
  const each = async (ids: readonly string[], ask: (input: { id: string }) => Promise<unknown>) => {
    for (const id of ids) await ask({ id });
  };
  const { runs } = client;
  const all = (ids: readonly string[]) => ({ ids: [...ids] });

  return {
    pause: (ids: readonly string[]) => act('Not all could be paused', () => each(ids, runs.pause.mutate)),
    stop: (ids: readonly string[]) => act('Not all could be stopped', () => each(ids, runs.stop.mutate)),
    resume: (ids: readonly string[]) => act('Not all could be resumed', () => each(ids, runs.resume.mutate)),
    archive: (ids: readonly string[], archived: boolean) =>
      act(
        'They could not be moved',
        () => runs.archive.mutate({ ...all(ids), archived }),
        `${some(ids)} ${archived ? 'archived' : 'taken from the archive'}.`,
        () => runs.archive.mutate({ ...all(ids), archived: !archived }),
      ),
    trash: (ids: readonly string[]) =>
      act(
        'They could not be put in the trash',
        () => runs.trash.mutate(all(ids)),
        `${some(ids)} put in the trash.`,
        () => runs.restore.mutate(all(ids)),
      ),
    restore: (ids: readonly string[]) =>
      act('They could not be restored', () => runs.restore.mutate(all(ids)), `${some(ids)} restored.`),
    emptyTrash: () => act('The trash could not be emptied', () => runs.emptyTrash.mutate(), 'The trash is empty.'),
    tag: (ids: readonly string[], add: string[], remove: string[]) =>
      act('The tags could not be changed', () => each(ids, ({ id }) => runs.tag.mutate({ id, add, remove }))),
    note: (id: string, text: string) => act('The note could not be kept', () => runs.note.mutate({ id, text })),
  };
}
