import { PermafrostError } from '#contract/errors';
import { checked, runTag } from '#contract/names';
import { asRunId, type CommandRow, print, withApp } from './command.ts';
import { printable } from './printable.ts';

export const tagCommand: CommandRow = {
  add(program) {
    program
      .command('tag')
      .description('add tags to a run or remove them')
      .argument('<id>', 'id of the run, or its first letters', asRunId)
      .argument('<tags...>')
      .option('--remove', 'remove the tags instead of adding them')
      .option('--json', 'print the run as one JSON object')
      .action((id: string, tags: string[], { remove, json }: { remove?: boolean; json?: boolean }) =>
        withApp((app) => {
          const known = app.runs.get(id).tags;
          const unknown = tags.find((each) => !known.includes(each));
          if (remove && unknown !== undefined)
            throw new PermafrostError(
              'notFound',
              `${id} has no tag "${unknown}", so no tag was removed. Name only tags of the run.`,
            );
          const run = remove
            ? app.runs.tag(id, [], tags)
            : app.runs.tag(
                id,
                tags.map((each) => checked(runTag, each)),
              );
          print(json, run, () => `${run.id}: ${run.tags.map((tag) => printable(tag, 200)).join(', ') || 'no tags'}`);
        }),
      );
  },
};
