/** Applies the choice of a task, a body or a preset to a draft. Edited fields keep their values. Pure. */
import type { BodyInfo, Catalogue, Preset } from '#contract/catalogue';
import { type ConfigField, configDefaults } from '#contract/config';
import { readyBody, withPublishedSettings } from '#contract/startingSettings';
import type { Draft } from './draft.ts';

type Choices = Pick<Catalogue, 'tasks' | 'bodies'>;
type Edited = readonly ConfigField[];

const sizes = ['n_layer', 'n_embd', 'n_head', 'n_positions'] as const;

/** The draft with the task at its published settings, and with another body if the present one cannot learn the task. */
export function chooseTask(draft: Draft, task: string, { tasks, bodies }: Choices, edited: Edited = []): Draft {
  const concerned = tasks.filter(({ name }) => name === task || name === draft.task).flatMap(({ fields }) => fields);
  const cleared = concerned.filter((field) => !edited.includes(field));
  const fresh = Object.fromEntries(cleared.map((field) => [field, { ...configDefaults, task }[field]]));
  return withFittingBody(withPublishedSettings({ ...draft, ...fresh, task }, tasks), bodies, edited);
}

function withFittingBody(draft: Draft, bodies: readonly BodyInfo[], edited: Edited): Draft {
  const task = String(draft.task);
  if (bodies.find(({ name }) => name === draft.model_name)?.tasks.includes(task) !== false) return draft;
  const body = readyBody(bodies, [task]) ?? bodies.find(({ tasks }) => tasks.includes(task));
  return body ? onBody({ ...draft, pretrained: body.hasWeights, model_name: body.name }, edited) : draft;
}

/** The draft with a body, pretrained only if it has pretrained weights. */
export function chooseBody(draft: Draft, model_name: string, { bodies }: Choices, edited: Edited = []): Draft {
  const pretrained = draft.pretrained === true && canBePretrained(bodies, model_name);
  return onBody({ ...draft, model_name, pretrained }, edited);
}

/** The draft with a body as published: pretrained if it has pretrained weights, at its own size. */
export function choosePublishedBody(draft: Draft, model_name: string, { bodies }: Choices): Draft {
  const own = Object.fromEntries(sizes.map((field) => [field, configDefaults[field]]));
  return { ...draft, ...own, model_name, pretrained: canBePretrained(bodies, model_name) };
}

/** The draft with a preset's settings. A whole preset also resets every other field except seed and device. */
export function choosePreset(draft: Draft, { whole, settings, title }: Preset, edited: Edited = []): Draft {
  if (!whole) return onBody({ ...draft, ...settings }, edited);
  const { seed, device } = draft;
  const fresh = { ...configDefaults, task: draft.task, seed, device, name: title, ...settings };
  return { ...fresh, gpu_batch_size: settings.gpu_batch_size ?? fresh.batch_size };
}

/** Why a regime does not apply to the draft; null if it does. */
export function regimeProblem(draft: Draft, { settings, whole }: Preset, { bodies, tasks }: Choices): string | null {
  if (whole) return null;
  const name = String(settings.model_name ?? draft.model_name);
  if (settings.pretrained && !canBePretrained(bodies, name)) return `${name} has no pretrained weights.`;
  return bodyProblem(String(draft.task), name, { bodies, tasks });
}

/** Why a body cannot learn a task; null if it can. */
export function bodyProblem(task: string, body: string, { bodies, tasks }: Choices): string | null {
  if (bodies.find(({ name }) => name === body)?.tasks.includes(task) !== false) return null;
  return `${body} cannot learn ${tasks.find(({ name }) => name === task)?.title ?? task}.`;
}

/** Resets the sizes, because pretrained weights have a fixed size. */
function onBody(draft: Draft, edited: Edited): Draft {
  const own = sizes.filter((field) => draft.pretrained === true && !edited.includes(field));
  return { ...draft, ...Object.fromEntries(own.map((field) => [field, null])) };
}

const canBePretrained = (bodies: readonly BodyInfo[], name: string): boolean =>
  bodies.find((body) => body.name === name)?.canBePretrained ?? true;
