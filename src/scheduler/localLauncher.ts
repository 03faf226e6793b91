/** Trainers as child processes of this app. */
import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { journalEntry, trainerHeard } from '#contract/run';
import { isTemporary } from '#disk/troubles';
import { runFiles } from '#runFolder/paths';
import type { Launch } from './launch.ts';

export interface LocalLauncherOptions {
  home: string;
  /** The program that trains a run folder. */
  program: string;
  /** The Node that runs it; by default the one of this process, which does not work inside Electron. */
  node?: string;
  environment: NodeJS.ProcessEnv;
}

/** Seconds that a trainer waits for the run's previous trainer to exit, whose app may have just died. */
const predecessorPatience = '60';

export const localLauncher =
  ({ home, program, node, environment }: LocalLauncherOptions): Launch =>
  ({ folder, seq, slots }, { onEntry, onHeard, onEnd }) => {
    const log = openLog(runFiles(folder).log);
    const child = fork(program, [folder], {
      execPath: node,
      env: {
        ...environment,
        PERMAFROST_HOME: home,
        PERMAFROST_THREADS: String(Math.max(1, Math.floor(availableParallelism() / slots))),
        PERMAFROST_WAIT: predecessorPatience,
        PERMAFROST_SEEN: String(seq || ''),
      },
      stdio: ['ignore', log, log, 'ipc'],
      detached: process.platform !== 'win32', // so that Ctrl-C in a terminal reaches only this process
    });
    if (log !== 'ignore') closeSync(log);
    child.on('message', (message) => {
      const entry = journalEntry.safeParse(message);
      if (entry.success) onEntry(entry.data);
      if (trainerHeard.safeParse(message).success) onHeard();
    });
    child.once('close', (code, signal) => onEnd(signal ? `signal ${signal}` : `exit code ${code}`, code === 0));
    child.once('error', (error) => {
      if (child.pid === undefined) onEnd(error.message, false); // it never started
    });
    return {
      send: (command) => void child.send(command, () => {}),
      kill: () => void child.kill('SIGKILL'),
      release() {
        child.disconnect();
        child.unref();
      },
    };
  };

/** Opens the log. A full disk does not prevent the start, since the trainer itself waits for space. */
function openLog(path: string): number | 'ignore' {
  try {
    return openSync(path, 'a');
  } catch (error) {
    if (!isTemporary(error)) throw error;
    return 'ignore';
  }
}
