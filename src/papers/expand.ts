/** The configs of a cell's runs, and what is missing on this machine to train them. */
import { type ExperimentConfig, parseConfig } from '#contract/config';
import type { Cell } from '#contract/paperTable';
import type { Profile } from '#contract/tableState';

/** The embedded body: small, and pretrained by this project, so that every regime of a table can be tried offline. */
export const quickBody = 'permafrost-nano';
/** Bodies of published runs whose weights were not published, each with its embedded substitute. */
const unpublished: Record<string, { what: string; quickBody: string }> = {
  'gpt2-bit-memory': { what: 'GPT-2 pretrained on bit memory', quickBody: 'permafrost-nano-bits' },
};
const quickBodyOf = ({ params: { model_name = '' } }: Cell): string => unpublished[model_name]?.quickBody ?? quickBody;

/** The changes of the quick profile: a body and a budget that fit a laptop. */
const quick = {
  /** Without dropout, with which so small a network underfits. */
  body: { body_dropout: 0, dropout: 0 },
  budget: { batch_size: 25, steps_per_iter: 100, test_steps_per_iter: 500, early_stop: null },
  /**
   * A higher rate, which suits few trained parameters. Unfrozen bodies do worse at it and keep the published rate, so their
   * columns are not compared with those of frozen bodies.
   */
  frozen: { learning_rate: 0.003 },
  tasks: {
    'bit-xor': { num_iters: 10 },
    mnist: { num_iters: 12, patch_size: 14 },
    'mnist-add': { num_iters: 12 },
  } as Record<string, Partial<ExperimentConfig>>,
} satisfies Record<string, Partial<ExperimentConfig> | Record<string, Partial<ExperimentConfig>>>;

/** Whether a cell uses the embedded body; the quick profile does not change such cells. */
const isEmbedded = ({ params }: Cell): boolean => params.model_name === quickBody;

function quickChanges(cell: Cell): Partial<ExperimentConfig> {
  const { params } = cell;
  return {
    model_name: quickBodyOf(cell),
    ...quick.body,
    ...quick.budget,
    ...(params.freeze_trans === false ? {} : quick.frozen),
    ...quick.tasks[params.task ?? ''],
  };
}

/** Published bodies other than GPT-2, which the embedded body cannot replace. */
const otherKinds = /^(vit|lstm|nac|mat|ast)\b/i;

/** Whether the quick profile has a budget for the cell's task and a body of the same kind. */
const isQuick = (cell: Cell): boolean => {
  const { task, model_name } = cell.params;
  return isEmbedded(cell) || (task !== undefined && task in quick.tasks && !otherKinds.test(model_name ?? ''));
};

export interface Expansion {
  /** One config for each seed. */
  configs: ExperimentConfig[];
  /** The changes that the profile makes, as text. */
  notes: string[];
  /** Whether the body is smaller than published; then its numbers are not compared with the published number. */
  scaled: boolean;
}

/** The runs of a cell: as published (`paper`), or with the quick body and budget. */
export function expand(cell: Cell, profile: Profile, seeds: readonly number[]): Expansion {
  const scaled = profile === 'quick' && !isEmbedded(cell);
  const swept = Object.fromEntries(cell.swept.map((field) => [field, cell.params[field]]));
  const settings = { ...cell.params, ...(scaled ? quickChanges(cell) : {}), ...swept };
  const batch = settings.batch_size;
  const configs = seeds.map((seed) =>
    parseConfig({ ...settings, ...(batch ? { gpu_batch_size: batch } : {}), name: `${cell.id} ${profile}`, seed }),
  );
  if (!scaled) return { configs, notes: [], scaled };
  const steps = configs[0].num_iters * configs[0].steps_per_iter;
  return {
    configs,
    notes: [`the embedded body ${quickBodyOf(cell)} instead of ${cell.params.model_name}, ${steps} steps`],
    scaled,
  };
}

/** Looks up by name what is available on this machine. */
export interface Available {
  body(name: string): boolean;
  task(name: string): boolean;
  /** Pretrained weights. */
  weights(name: string): boolean;
}

/** Why a cell cannot run here, and what to do about it; null if it can. */
export function missing(cell: Cell, profile: Profile, have: Available): string | null {
  if (cell.beyond) return cell.beyond;
  const { task = '', model_name: model = 'gpt2', pretrained = true } = cell.params;
  if (profile === 'paper' && model in unpublished)
    return `needs the weights of ${unpublished[model].what}, which were not published`;
  if (!have.body(profile === 'quick' ? quickBodyOf(cell) : model))
    return `needs the model ${model}, which Permafrost does not have yet`;
  if (!have.task(task)) return `needs the task ${task}, which Permafrost does not have yet`;
  if (profile === 'quick' && !isQuick(cell))
    return 'has no quick body or budget; it trains only as published (profile paper)';
  if (!pretrained) return null;
  if (profile === 'quick')
    return have.weights(quickBodyOf(cell))
      ? null
      : `needs the embedded body ${quickBodyOf(cell)}, which is not in this installation`;
  return have.weights(model) ? null : `needs a download: permafrost zoo pull ${model}`;
}
