/** Settings of a new run that the user left empty, from the published ones of the task. Pure. */
import type { TaskInfo } from './catalogue.ts';

export type TaskDefaults = Pick<TaskInfo, 'name' | 'settings'>;

/** Fills absent and null fields with the first published settings of the task. */
export function withPublishedSettings<Settings extends Record<string, unknown>>(
  settings: Settings,
  tasks: readonly TaskDefaults[],
): Settings {
  const published = tasks.find(({ name }) => name === settings.task)?.settings[0] ?? {};
  const open = Object.entries(published).filter(([field]) => (settings[field] ?? null) === null);
  return { ...settings, ...Object.fromEntries(open) };
}
