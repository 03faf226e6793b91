/** The tasks, bodies and weights that runs can use on this machine. */
import { isNetwork } from '#models/index';
import type { Available } from '#papers/expand';
import { tasks } from '#tasks/index';
import { knownBodies } from '#zoo/bodies';
import { findWeights } from '#zoo/weights';

/** Looks up by name whether a task or a body exists, and whether the pretrained weights of a body are here. */
export const availableIn = (home: string): Available => ({
  body: (name) => Object.hasOwn(knownBodies(home), name) || isNetwork(name),
  task: (name) => Object.hasOwn(tasks, name),
  weights: (name) => findWeights(home, name) !== null,
});
