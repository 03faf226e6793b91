/**
 * `command.json` of a run folder: what the app asks of a trainer that it cannot send messages to. The trainer reads it when a signal
 * (SIGUSR2) tells it to.
 */
import { rmSync } from 'node:fs';
import { type TrainerCommand, trainerCommand } from '#contract/run';
import { writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';
import { runFiles } from './paths.ts';

const largest = 1000; // bytes

export const writeRunCommand = (folder: string, command: TrainerCommand): void =>
  writeAtomically(runFiles(folder).command, [Buffer.from(JSON.stringify(command))], { durable: false });

/** A pause when the file is missing or damaged. */
export function readRunCommand(folder: string): TrainerCommand {
  try {
    return trainerCommand.parse(readSmallJson(runFiles(folder).command, largest, 'data'));
  } catch {
    return { kind: 'pause' };
  }
}

export const removeRunCommand = (folder: string): void => rmSync(runFiles(folder).command, { force: true });
