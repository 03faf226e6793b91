/** A run, and the entries of its journal. */
import CRC32 from 'crc-32';
import { z } from 'zod';
import './issueTexts.ts';
import { configSchema } from './config.ts';

export const runStates = ['queued', 'running', 'paused', 'stopped', 'finished', 'failed', 'crashed'] as const;
export const runState = z.enum(runStates);
export type RunState = z.infer<typeof runState>;
/** States of a run that no trainer trains and that does not wait for one. */
export const restingStates: readonly RunState[] = ['paused', 'stopped', 'finished', 'failed', 'crashed'];

export const reason = z.object({ code: z.string(), message: z.string() });

/** A difference between a run and the published protocol, shown wherever the run's numbers are. */
export const deviation = z.object({ field: z.string(), text: z.string() });
export type Deviation = z.infer<typeof deviation>;

export const finalResult = z.object({
  /** `accuracy` (higher is better) or `mae` (lower is better). */
  metric: z.string(),
  /** Mean metric over the final evaluation. */
  value: z.number(),
  loss: z.number(),
  /** Samples of the final evaluation. */
  samples: z.int(),
  /** Standard error of `value`, from the spread of the metric over samples: only evaluation noise. */
  standardError: z.number(),
  /** Mean of the last 100 (or fewer) test metrics; `value` if there were none. */
  last100: z.number(),
  /** Iteration (from 1) whose weights were evaluated; 0 for the initial weights. */
  iteration: z.int(),
  iterations: z.int(),
  steps: z.int(),
  stoppedEarly: z.boolean(),
  /** Time spent on training and evaluation, over all sessions of the run. */
  seconds: z.number(),
});
export type FinalResult = z.infer<typeof finalResult>;

export const runSchema = z.object({
  id: z.string(),
  config: configSchema,
  state: runState,
  /** Why the run failed, crashed or stopped. */
  reason: reason.nullable(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  step: z.int(),
  totalSteps: z.int(),
  /** The device, for example `cpu (ONNX Runtime, 2 threads)`. */
  device: z.string().nullable(),
  trainable: z.int().nullable(),
  total: z.int().nullable(),
  deviations: z.array(deviation),
  result: finalResult.nullable(),
  tags: z.array(z.string()),
});
export type Run = z.infer<typeof runSchema>;

/** Whether a run rests because something interrupted it: then the next app, or its cluster, resumes it. */
export const isInterrupted = ({ state, reason }: Pick<Run, 'state' | 'reason'>): boolean =>
  restingStates.includes(state) && reason?.code === 'interrupted';

/** Whether a run rests until a user resumes it. */
export const isOver = (run: Pick<Run, 'state' | 'reason'>): boolean =>
  restingStates.includes(run.state) && !isInterrupted(run);

export const metricKeys = ['train_loss', 'train_metric', 'test_loss', 'test_metric', 'grad_norm'] as const;
export const metricKey = z.enum(metricKeys);
export type MetricKey = z.infer<typeof metricKey>;
/** `[key, optimizer step (from 1), value]`. */
export const metricRow = z.tuple([metricKey, z.int().min(0), z.number()]);
export type MetricRow = z.infer<typeof metricRow>;

/** The reports of a trainer, in order. The journal file and the message channel carry the same entries. */
export const entryBody = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('started'),
    /** Optimizer steps already done, 0 for a new run. Earlier entries with metrics after this step are void. */
    step: z.int(),
    totalSteps: z.int(),
    device: z.string(),
    trainable: z.int(),
    total: z.int(),
    deviations: z.array(deviation),
  }),
  z.object({
    kind: z.literal('metrics'),
    rows: z.array(metricRow),
    /** Time spent on training and evaluation so far, over all sessions, by a monotonic clock. Absent in journals of earlier versions. */
    seconds: z.number().min(0).optional(),
  }),
  z.object({ kind: z.literal('checkpoint'), step: z.int() }),
  z.object({ kind: z.literal('log'), level: z.enum(['info', 'warn', 'error']), text: z.string() }),
  z.object({
    kind: z.literal('ended'),
    state: z.enum(['paused', 'stopped', 'finished', 'failed']),
    step: z.int(),
    reason: reason.nullable(),
    result: finalResult.nullable(),
  }),
]);
export type EntryBody = z.infer<typeof entryBody>;

/** Sequence numbers start at 1 and have no gaps, over all sessions of a run; `at` is in milliseconds since 1970. */
export const journalEntry = z.object({ seq: z.int().min(1), at: z.number(), body: entryBody });
export type JournalEntry = z.infer<typeof journalEntry>;

/** A command to a running trainer. Both write a checkpoint first; a stopped run is not meant to be resumed. */
export const trainerCommand = z.object({ kind: z.enum(['pause', 'stop']) });
export type TrainerCommand = z.infer<typeof trainerCommand>;

/** A trainer's acknowledgement of a command. The run pauses or stops later, after its current step or a hash of all weights. */
export const trainerHeard = z.object({ heard: z.enum(['pause', 'stop']) });
export type TrainerHeard = z.infer<typeof trainerHeard>;

/** One line of `journal.jsonl`: `{"crc":…,"entry":{…}}` with the CRC-32 of the entry's JSON, and a line feed. */
export function encodeEntry(entry: JournalEntry): string {
  const json = JSON.stringify(entry);
  return `{"crc":${CRC32.str(json) >>> 0},"entry":${json}}\n`;
}

/** The entry of a line; null if the line is incomplete or altered. */
export function decodeEntry(line: string): JournalEntry | null {
  const match = /^\{"crc":(\d+),"entry":(\{.*\})\}$/.exec(line);
  if (!match || CRC32.str(match[2]) >>> 0 !== Number(match[1])) return null;
  const parsed = journalEntry.safeParse(JSON.parse(match[2]));
  return parsed.success ? parsed.data : null;
}
