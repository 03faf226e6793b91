/** Starting points of a new run: settings that the user left empty, and a body that is ready to train. Pure. */
import type { BodyInfo, TaskInfo } from './catalogue.ts';

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

/** The first body whose weights are on this machine and that can learn all of these tasks. */
export const readyBody = (bodies: readonly BodyInfo[], tasks: readonly string[]): BodyInfo | undefined =>
  bodies.find((body) => body.hasWeights && tasks.every((task) => body.tasks.includes(task)));
