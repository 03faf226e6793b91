/** The table of tasks. */
import type { ExperimentConfig } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import { bitMemory } from './bitMemory.ts';
import { bitXor } from './bitXor.ts';
import { cifar10, cifar10Gray } from './cifar10.ts';
import { cyp3a4 } from './cyp3a4.ts';
import { cyp3a4Graph } from './cyp3a4Graph.ts';
import { digitAdd } from './digitAdd.ts';
import { listops } from './listops.ts';
import { mnist } from './mnist.ts';
import { mnistAdd, mnistAddReg } from './mnistAdd.ts';
import { speechCommands, speechCommandsMel } from './speechCommands.ts';
import type { Task } from './task.ts';

export const tasks: Readonly<Record<string, Task>> = Object.fromEntries(
  [
    ...[bitXor, bitMemory, digitAdd, mnist, mnistAdd, mnistAddReg],
    ...[cifar10, cifar10Gray, speechCommands, speechCommandsMel, cyp3a4, cyp3a4Graph, listops],
  ].map((task) => [task.name, task]),
);

/** The task of a config. Throws `config` naming the nearest task. */
export function taskOf(config: ExperimentConfig): Task {
  if (Object.hasOwn(tasks, config.task)) return tasks[config.task];
  throw new PermafrostError(
    'config',
    `task: there is no task "${config.task}". Did you mean ${nearest(config.task, Object.keys(tasks))}? Tasks: ${Object.keys(tasks).join(', ')}.`,
  );
}
