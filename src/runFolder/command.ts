/**
 * `command.json` of a run folder: a command to a trainer that the app cannot send messages to. The trainer reads the file when it
 * receives SIGUSR2.
 */
import { rmSync } from 'node:fs';
import { type TrainerCommand, trainerCommand } from '#contract/run';
import { writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';
import { runFiles } from './paths.ts';

const largest = 1000; // bytes

export const writeRunCommand = (folder: string, command: TrainerCommand): void =>
  writeAtomically(runFiles(folder).command, [Buffer.from(JSON.stringify(command))], { durable: false });

/** Reads the command; a missing or damaged file means `pause`. */
export function readRunCommand(folder: string): TrainerCommand {
  try {
    return trainerCommand.parse(readSmallJson(runFiles(folder).command, largest, 'data'));
  } catch {
    return { kind: 'pause' };
  }
}

export const removeRunCommand = (folder: string): void => rmSync(runFiles(folder).command, { force: true });
