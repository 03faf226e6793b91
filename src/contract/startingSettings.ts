/** Where a run starts from: settings that a person left open, and a body that can train at once. Pure. */
import type { BodyInfo, TaskInfo } from './catalogue.ts';

export type TaskDefaults = Pick<TaskInfo, 'name' | 'settings'>;

/** Fills fields that are absent or null from the first published settings of the task. */
export function withPublishedSettings<Settings extends Record<string, unknown>>(
  settings: Settings,
  tasks: readonly TaskDefaults[],
): Settings {
  const published = tasks.find(({ name }) => name === settings.task)?.settings[0] ?? {};
  const open = Object.entries(published).filter(([field]) => (settings[field] ?? null) === null);
  return { ...settings, ...Object.fromEntries(open) };
}

/** The first body that learns every one of these tasks and whose weights are on this machine. */
export const readyBody = (bodies: readonly BodyInfo[], tasks: readonly string[]): BodyInfo | undefined =>
  bodies.find((body) => body.hasWeights && tasks.every((task) => body.tasks.includes(task)));
