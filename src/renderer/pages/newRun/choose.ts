/** Applies a choice to a draft, and changes other fields that would contradict it. Edited fields keep their values. Pure. */
import type { BodyInfo, Catalogue, Preset } from '#contract/catalogue';
import { type ConfigField, configDefaults, isWebgpu } from '#contract/config';
import { isSameSetting } from '#contract/isSameSetting';
import { withPublishedSettings } from '#contract/startingSettings';
import type { Draft } from './draft.ts';

type Choices = Pick<Catalogue, 'tasks' | 'bodies'>;
type Edited = readonly ConfigField[];

const sizes = ['n_layer', 'n_embd', 'n_head', 'n_positions', 'initializer_range'] as const;

/** The draft with a value of a field. */
export function choose(draft: Draft, field: ConfigField, value: unknown, choices: Choices, edited: Edited = []): Draft {
  switch (field) {
    case 'task':
      return chooseTask(draft, String(value), choices, edited);
    case 'model_name':
      return chooseBody(draft, String(value), choices, edited);
    case 'reading':
      return withFittingBody({ ...draft, reading: value }, choices, edited);
    case 'pretrained':
      return onBody({ ...draft, pretrained: value }, edited);
    default:
      return consistent({ ...draft, [field]: value });
  }
}

/** The draft with the task at its published settings. A body that the user has not chosen follows the task. */
function chooseTask(draft: Draft, task: string, choices: Choices, edited: Edited): Draft {
  const concerned = choices.tasks.filter(({ name }) => name === task || name === draft.task);
  const cleared = concerned.flatMap(({ fields }) => fields).filter((field) => !edited.includes(field));
  const fresh = Object.fromEntries(cleared.map((field) => [field, { ...configDefaults, task }[field]]));
  return withFittingBody(withPublishedSettings({ ...draft, ...fresh, task }, choices.tasks), choices, edited);
}

/** Keeps the user's body if it fits. Otherwise takes the first that fits, one with weights on this machine if there is one. */
function withFittingBody(draft: Draft, choices: Choices, edited: Edited): Draft {
  const fitting = choices.bodies.filter((body) => canLearn(body, draft, choices));
  const present = fitting.find(({ name }) => name === draft.model_name);
  const ready = fitting.find(({ hasWeights }) => hasWeights);
  const body = hasChosenBody(edited) ? (present ?? ready ?? fitting[0]) : (ready ?? present ?? fitting[0]);
  if (!body || body === present) return consistent(draft);
  const isRandom = edited.includes('pretrained') && draft.pretrained === false;
  return onBody({ ...draft, pretrained: body.hasWeights && !isRandom, model_name: body.name }, edited);
}

/** A user who edits one of these fields has chosen a body; the command line follows the same rule. */
const bodyFields: readonly ConfigField[] = ['model_name', 'pretrained', 'n_layer', 'n_embd', 'n_head', 'n_positions'];
const hasChosenBody = (edited: Edited): boolean => bodyFields.some((field) => edited.includes(field));

/** Says that a choice of another field has changed the body, and why; null if it has not. */
export function bodyNote(before: Draft, after: Draft, edited: Edited): string | null {
  const [old, body, task] = [before.model_name, after.model_name, after.task];
  if (old === body) return null;
  return hasChosenBody(edited)
    ? `The body is now ${body}, because ${old} cannot learn ${task} with these settings.`
    : `The body is now ${body}, the first here that can learn ${task}. Choose another to keep it.`;
}

/** Whether a body learns the task and takes sequences as long as those of the published settings that the draft has. */
function canLearn(body: BodyInfo, draft: Draft, { tasks }: Choices): boolean {
  const task = tasks.find(({ name }) => name === draft.task);
  if (!task || !body.tasks.includes(task.name)) return false;
  const published = task.settings.findIndex((settings) =>
    Object.entries(settings).every(([field, value]) => isSameSetting(draft[field as ConfigField], value)),
  );
  return published < 0 || task.tokens[published] <= Number(draft.n_positions ?? body.positions);
}

/** The draft with a body, pretrained only if it has pretrained weights. */
function chooseBody(draft: Draft, model_name: string, { bodies }: Choices, edited: Edited): Draft {
  const pretrained = draft.pretrained === true && canBePretrained(bodies, model_name);
  return onBody({ ...draft, model_name, pretrained }, edited);
}

/** The draft with a body as published: pretrained if it has pretrained weights, at its own size. */
export function choosePublishedBody(draft: Draft, model_name: string, { bodies }: Choices): Draft {
  const own = Object.fromEntries(sizes.map((field) => [field, configDefaults[field]]));
  return consistent({ ...draft, ...own, model_name, pretrained: canBePretrained(bodies, model_name) });
}

/** The draft with a preset's settings. A whole preset also resets every other field except seed and device. */
export function choosePreset(draft: Draft, { whole, settings, title }: Preset, edited: Edited = []): Draft {
  if (!whole) return onBody({ ...draft, ...settings }, edited);
  const { seed, device } = draft;
  const fresh = { ...configDefaults, task: draft.task, seed, device, name: title, ...settings };
  return { ...fresh, gpu_batch_size: settings.gpu_batch_size ?? fresh.batch_size };
}

/** The edited fields after a regime: without those that it sets, except that it decides whether the body is pretrained. */
export const keptByRegime = ({ settings }: Pick<Preset, 'settings'>, edited: Edited): ConfigField[] => [
  ...edited.filter((field) => !(field in settings)),
  ...('pretrained' in settings ? (['pretrained'] as const) : []),
];

/** Resets the sizes, because pretrained weights have a fixed size. */
function onBody(draft: Draft, edited: Edited): Draft {
  const own = sizes.filter((field) => draft.pretrained === true && !edited.includes(field));
  return consistent({ ...draft, ...Object.fromEntries(own.map((field) => [field, null])) });
}

/**
 * Random weights have no statistics of pretrained ones, attention that is frozen or trained as a whole has no trained blocks, and
 * only WebGPU computes with mixed precision.
 */
const consistent = (draft: Draft): Draft => ({
  ...draft,
  statistics_only: draft.pretrained === true && draft.statistics_only,
  trained_attn_blocks: draft.freeze_trans === true && draft.freeze_attn === false ? draft.trained_attn_blocks : null,
  precision: isWebgpu(draft.device) ? draft.precision : configDefaults.precision,
});

const canBePretrained = (bodies: readonly BodyInfo[], name: string): boolean =>
  bodies.find((body) => body.name === name)?.canBePretrained ?? true;
