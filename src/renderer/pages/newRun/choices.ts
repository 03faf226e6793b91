/** The choices that a form offers beside its present values. Pure. */
import type { Catalogue } from '#contract/catalogue';
import { type ConfigField, configFields } from '#contract/config';
import type { DeviceInfo } from '#contract/devices';
import { isSameSetting } from '#contract/isSameSetting';
import { choose, choosePreset } from './choose.ts';
import { controlOf, fieldsOf, formGroups } from './controls.ts';
import type { Draft } from './draft.ts';
import { idleReason } from './idle.ts';

/** How a choice is called: by a field and its value, or by a regime. */
export const choiceOf = (field: ConfigField | 'regime', value: unknown): string => `${field}=${value}`;

/** What this machine cannot do: the devices that do not work, and precision mixed on the chosen one, with the reason of each. */
export function brokenChoices(devices: readonly DeviceInfo[], chosen: unknown): Record<string, string> {
  const control = controlOf('device');
  const names = control.kind === 'choice' ? control.choices.filter((name) => name !== 'auto') : [];
  const reports = names.map((name) => ({ name, found: devices.find((device) => device.name === name) }));
  const mixedLack = devices.find(({ name }) => name === chosen)?.mixed?.why;
  return Object.fromEntries([
    ...reports
      .filter(({ found }) => !found?.available)
      .map(({ name, found }) => [choiceOf('device', name), found?.why ?? 'This machine has no such device.']),
    ...(mixedLack ? [[choiceOf('precision', 'mixed'), mixedLack]] : []),
  ]);
}

/** The draft after each choice: every other value of the fields that are not typed, and every regime. */
export function choicesOf(
  draft: Draft,
  catalogue: Catalogue,
  edited: readonly ConfigField[] = [],
): Record<string, Draft> {
  const task = catalogue.tasks.find(({ name }) => name === draft.task);
  const fields = formGroups
    .flatMap(({ group }) => fieldsOf(group, task?.fields ?? []))
    .filter((field) => idleReason(field, draft) === undefined);
  const values = fields.flatMap((field) =>
    otherValues(field, draft[field], catalogue).map((value): [string, Draft] => [
      choiceOf(field, value),
      choose(draft, field, value, catalogue, edited),
    ]),
  );
  const regimes = catalogue.presets
    .filter(({ whole }) => !whole)
    .map((regime): [string, Draft] => [choiceOf('regime', regime.id), choosePreset(draft, regime, edited)]);
  return Object.fromEntries([...values, ...regimes]);
}

function otherValues(field: ConfigField, present: unknown, { tasks, bodies }: Catalogue): unknown[] {
  const named: Partial<Record<ConfigField, readonly { name: string }[]>> = { task: tasks, model_name: bodies };
  const control = controlOf(field);
  if (control.kind === 'switch') return [present !== true];
  const values = control.kind === 'choice' ? control.choices : (named[field]?.map(({ name }) => name) ?? []);
  return values.filter((value) => value !== present);
}

/** What changes each draft into another, for the app. */
export const changesOf = (from: Draft, to: Readonly<Record<string, Draft>>): Record<string, Partial<Draft>> =>
  Object.fromEntries(Object.entries(to).map(([key, draft]) => [key, changedFields(from, draft)]));

const changedFields = (from: Draft, to: Draft): Partial<Draft> =>
  Object.fromEntries(
    configFields.filter((field) => !isSameSetting(from[field], to[field])).map((field) => [field, to[field]]),
  );
