/** The option that chooses a checkpoint of a run. */
import { Option } from 'commander';
import { type CheckpointChoice, checkpointChoice } from '#contract/analysis';
import { PermafrostError } from '#contract/errors';

export const checkpointOption = (): Option =>
  new Option('--checkpoint <which>', 'start, best, last, or the step of one of these')
    .default('best')
    .argParser(readCheckpointChoice);

/** Throws `config`. */
function readCheckpointChoice(text: string): CheckpointChoice {
  const parsed = checkpointChoice.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (parsed.success) return parsed.data;
  throw new PermafrostError('config', `--checkpoint expects start, best, last or a step; found "${text}".`);
}
