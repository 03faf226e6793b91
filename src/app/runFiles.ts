/** What a run's folder tells beside its metrics: the log and the checkpoints. */
import { statSync } from 'node:fs';
import type { EntryBody, JournalEntry } from '#contract/run';
import type { CheckpointFile, LogLine, RunLog } from '#contract/runRow';
import { readEntries } from '#runFolder/journal';
import { printedTail } from '#runFolder/log';
import { runFiles } from '#runFolder/paths';
import { checkpointPlace } from '#runFolder/runCheckpoint';

/** Kinds of entries that say something in words; metrics, nearly all of a long journal, do not. */
type Telling = Exclude<EntryBody['kind'], 'metrics'>;
type Say = { [K in Telling]: (body: Extract<EntryBody, { kind: K }>) => Omit<LogLine, 'at'> };

const info = (text: string) => ({ level: 'info' as const, text });
const say: Say = {
  started: ({ step, device, trainable, total }) =>
    info(
      `${step > 0 ? `Goes on from step ${step}` : 'Started'} on ${device}; ${trainable} of ${total} parameters trained.`,
    ),
  checkpoint: ({ step }) => info(`Checkpoint at step ${step}.`),
  log: ({ level, text }) => ({ level, text }),
  ended: ({ state, step, reason }) => ({
    level: state === 'failed' ? 'error' : 'info',
    text: `${state[0].toUpperCase()}${state.slice(1)} at step ${step}${reason ? `: ${reason.message}` : '.'}`,
  }),
};

const lineOf = ({ at, body }: JournalEntry): LogLine => ({
  at,
  ...(say[body.kind as Telling] as (body: EntryBody) => Omit<LogLine, 'at'>)(body),
});

const printedBytes = 16_384;

/** Everything that the journal says in words, what is wrong with it, and the end of what the process printed. */
export function readLog(folder: string): RunLog {
  const files = runFiles(folder);
  return {
    lines: [...readEntries(files.journal, { kinds: Object.keys(say) as Telling[] })].map(lineOf),
    printed: printedTail(files.log, printedBytes),
  };
}

/** The checkpoint files of a run that are there. */
export function readCheckpoints(folder: string): CheckpointFile[] {
  const files = runFiles(folder);
  return (['checkpoint', 'best'] as const).flatMap((kind) => {
    const path = files[kind];
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats ? [{ kind, path, bytes: stats.size, at: stats.mtimeMs, made: madeAt(path) }] : [];
  });
}

function madeAt(path: string): string {
  try {
    return checkpointPlace(path) ?? 'unknown';
  } catch {
    return 'damaged';
  }
}
