/** The log of a run: what its journal says in words, and what its trainer printed. */
import type { EntryBody, JournalEntry } from '#contract/run';
import type { LogLine, RunLog } from '#contract/runRow';
import { readEntries } from '#runFolder/journal';
import { printedTail } from '#runFolder/log';
import type { RunFiles } from '#runFolder/paths';

/** Kinds of entries that have a line in the log; metrics, nearly all of a long journal, have none. */
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

/** The journal's entries in words, with its damage, and the end of the trainer's output. */
export function readLog(files: RunFiles): RunLog {
  return {
    lines: [...readEntries(files.journal, { kinds: Object.keys(say) as Telling[] })].map(lineOf),
    printed: printedTail(files.log, printedBytes),
  };
}
