/** What a run's folder tells beside its metrics: the log and the checkpoints. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryBody, JournalEntry } from '#contract/run';
import type { CheckpointFile, LogLine, RunLog } from '#contract/runRow';
import { readJournal } from '#store/journal';
import { runFiles } from '#trainer/runFolder';

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

/** Everything that the journal says in words, and the end of what the process printed. */
export const readLog = (folder: string): RunLog => ({
  lines: readJournal(folder, { kinds: Object.keys(say) as Telling[] }).map(lineOf),
  printed: tail(join(folder, 'trainer.log')),
});

function tail(path: string): string {
  if (!existsSync(path)) return '';
  const { size } = statSync(path);
  return readPart(path, Math.max(0, size - printedBytes), Math.min(size, printedBytes)).toString('utf8');
}

function readPart(path: string, from: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, length, from);
  } finally {
    closeSync(file);
  }
  return buffer;
}

/** The checkpoint files of a run that are there. */
export function readCheckpoints(folder: string): CheckpointFile[] {
  const files = runFiles(folder);
  return (['checkpoint', 'best'] as const).flatMap((kind) => {
    const path = files[kind];
    if (!existsSync(path)) return [];
    const { size, mtimeMs } = statSync(path);
    return [{ kind, path, bytes: size, at: mtimeMs, made: madeAt(path) }];
  });
}

/** Where a checkpoint was made, from the header of its safetensors file. */
function madeAt(path: string): string {
  const length = Number(readPart(path, 0, 8).readBigUInt64LE());
  const header = JSON.parse(readPart(path, 8, length).toString('utf8'));
  const { iteration, 'permafrost.progress': progress } = header.__metadata__ ?? {};
  return progress ? `step ${JSON.parse(progress).step}` : `iteration ${iteration}`;
}
