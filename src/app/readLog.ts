/** The log of a run: its journal as sentences, and the output of its trainer. */
import type { EntryBody, JournalEntry } from '#contract/run';
import type { LogLine, RunLog } from '#contract/runRow';
import { readEntries } from '#runFolder/journal';
import { printedTail } from '#runFolder/log';
import type { RunFiles } from '#runFolder/paths';

/** Kinds of entries with a line in the log; metrics, which fill most of a long journal, have none. */
type LoggedKind = Exclude<EntryBody['kind'], 'metrics'>;
type Lines = { [K in LoggedKind]: (body: Extract<EntryBody, { kind: K }>) => Omit<LogLine, 'at'> };

const info = (text: string) => ({ level: 'info' as const, text });
const lines: Lines = {
  started: ({ step, device, trainable, total }) =>
    info(
      `${step > 0 ? `Resumed from step ${step}` : 'Started'} on ${device}; trains ${trainable} of ${total} parameters.`,
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
  ...(lines[body.kind as LoggedKind] as (body: EntryBody) => Omit<LogLine, 'at'>)(body),
});

const printedBytes = 16_384;

/** The journal as log lines, including its damage, and the end of the trainer's output. */
export function readLog(files: RunFiles): RunLog {
  return {
    lines: [...readEntries(files.journal, { kinds: Object.keys(lines) as LoggedKind[] })].map(lineOf),
    printed: printedTail(files.log, printedBytes),
  };
}
