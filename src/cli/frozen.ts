import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { countText } from '#contract/format';
import { changedTensors, frozenValues } from '#contract/frozen';
import type { Run } from '#contract/run';
import { alignColumns, asRunId, type CommandRow, print, readApp } from './command.ts';

const same = 'unchanged';

/** The reason why a run has no hashes. */
function whyNone({ id, startedAt, trainable, total }: Run, home: string): string {
  if (startedAt === null) return 'it has not started';
  if (trainable === total) return 'it trains every weight';
  return `${join(home, 'runs', id, 'frozen.json')} is missing. It was deleted, or an older version without hashes trained the run`;
}

export const frozenCommand: CommandRow = {
  add(program) {
    program
      .command('frozen')
      .description('show the SHA-256 of every frozen tensor before and after training')
      .argument('<id>', 'id of the run, or its first letters', asRunId)
      .option('--json', 'print every hash as one JSON object')
      .action((name: string, { json }: { json?: boolean }) =>
        readApp((app) => {
          const run = app.runs.get(name);
          const { id } = run;
          const proof = app.runs.frozen(id);
          if (!proof)
            throw new PermafrostError('notFound', `${id} has no hashes of frozen weights: ${whyNone(run, app.home)}.`);
          const changed = changedTensors(proof);
          print(json, { id, untouched: proof.checked !== null && changed.length === 0, ...proof }, () => {
            const rows = proof.tensors.map(({ name, shape, before, after }) => [
              name,
              shape.join(' × '),
              before,
              after === before ? same : (after ?? 'not yet'),
            ]);
            const what = `${proof.tensors.length} frozen tensors, ${countText(frozenValues(proof))} values`;
            const verdict = proof.checked
              ? `hashed before the first step and again after step ${proof.checked.step}, read back from the device: ${changed.length === 0 ? 'no tensor changed' : `${changed.length} changed`}.`
              : 'hashed before the first step. They are hashed again when the run pauses, stops or finishes.';
            return `${alignColumns(['tensor', 'shape', 'SHA-256 before', 'after'], rows)}\n\n${id}: ${what}, ${verdict}`;
          });
          if (changed.length > 0) process.exitCode = 5;
        }),
      );
  },
};
