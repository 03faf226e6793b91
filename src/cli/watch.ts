/** Follows runs to their end, with bars on a terminal and otherwise a line per evaluation. Ctrl-C pauses the runs. */
import { durationText, numberText } from '#contract/format';
import { type MetricKey, type Run, restingStates } from '#contract/run';
import type { Services } from '#contract/services';
import { printable, printableLines } from './printable.ts';
import { progressBar } from './progress.ts';

interface Followed {
  id: string;
  label: string;
  run: Run;
  latest: Partial<Record<MetricKey, number>>;
  /** Step and time (ms, monotonic) at which this session of the run started, to compute its speed. */
  from: { step: number; at: number } | null;
  hasPrintedEnd: boolean;
}

const redrawTime = 100; // ms

/** Parts that are dropped, in this order, until a line fits the terminal. */
const droppedParts = ['bar', 'speed', 'train loss', 'test metric'] as const;

/** The progress of a run in one line, shortened to about `width` characters. An infinite width, without a terminal, has no bar. */
export function progressLine(
  { label, run, latest, from }: Omit<Followed, 'id' | 'hasPrintedEnd'>,
  width: number,
): string {
  const done = run.totalSteps ? run.step / run.totalSteps : 0;
  const speed = from && run.step > from.step ? ((run.step - from.step) * 1000) / (performance.now() - from.at) : null;
  const parts = new Map([
    ['label', printable(label, 60)],
    ['bar', width < Number.POSITIVE_INFINITY ? progressBar(done) : ''],
    ['step', `${run.step}/${run.totalSteps}`],
    ['train loss', latest.train_loss === undefined ? '' : `train loss ${numberText(latest.train_loss, 3)}`],
    ['test metric', latest.test_metric === undefined ? '' : `test metric ${numberText(latest.test_metric)}`],
    ['speed', speed === null ? '' : `${numberText(speed, 3)} steps/s`],
    [
      'left',
      speed === null || run.state !== 'running' ? '' : `${durationText((run.totalSteps - run.step) / speed)} left`,
    ],
  ]);
  const line = () => [...parts.values()].filter(Boolean).join('  ');
  for (const part of droppedParts) if (line().length > width) parts.delete(part);
  return line();
}

/** The state and result of a run, in one line. */
export function outcome(run: Run): string {
  const { result, reason } = run;
  if (result) {
    const error = result.standardError > 0 ? ` ± ${numberText(1.96 * result.standardError, 2)}` : '';
    return `${run.state}: ${result.metric} ${numberText(result.value)}${error} on ${result.samples} samples, loss ${numberText(result.loss)}, iteration ${result.iteration} of ${result.iterations}, ${durationText(result.seconds)}`;
  }
  return `${run.state} at step ${run.step}${reason ? `: ${reason.message}` : ''}`;
}

/**
 * Waits until the runs pause, stop, finish, fail or crash, and shows their progress on standard error; resolves to the runs.
 * `labels` are the displayed names of runs, by default their ids.
 */
export async function follow(app: Services, ids: string[], labels: Record<string, string> = {}): Promise<Run[]> {
  const out = process.stderr;
  const bars = out.isTTY;
  const followed = new Map(
    ids.map((id): [string, Followed] => [
      id,
      { id, label: labels[id] ?? id, run: app.runs.get(id), latest: {}, from: null, hasPrintedEnd: false },
    ]),
  );
  let drawn = 0;
  let dirty = true;
  const erase = () => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    if (!dirty) return;
    dirty = false;
    erase();
    const width = out.columns - 1;
    const lines = [...followed.values()].filter((f) => f.run.state === 'running').map((f) => progressLine(f, width));
    const waiting = [...followed.values()].filter((f) => f.run.state === 'queued').length;
    if (waiting > 0) lines.push(`${waiting} more in the queue`);
    out.write(lines.map((line) => `${printable(line, width)}\n`).join(''));
    drawn = lines.length;
  };
  const say = (line: string) => {
    erase();
    out.write(`${printableLines(line, 1000)}\n`);
    dirty = true;
  };

  const stop = app.runs.subscribe((id, entry) => {
    const f = followed.get(id);
    if (!f) return;
    dirty = true;
    f.run = app.runs.get(id);
    const body = entry?.body;
    if (body?.kind === 'started') {
      f.from = { step: body.step, at: performance.now() };
      if (!bars)
        say(
          `${f.label}  ${body.step > 0 ? `continues from step ${body.step}` : 'started'} on ${body.device}, trains ${body.trainable} of ${body.total} parameters`,
        );
    }
    if (body?.kind === 'metrics') {
      for (const [key, , value] of body.rows) f.latest[key] = value;
      if (!bars && body.rows.some(([key]) => key === 'test_metric')) say(progressLine(f, Number.POSITIVE_INFINITY));
    }
    if (body?.kind === 'log' && body.level !== 'info') say(`${f.label}  ${body.level}: ${body.text}`);
    printEnd(f);
  });
  function printEnd(f: Followed): void {
    const hasEnded = restingStates.includes(f.run.state);
    if (hasEnded && !f.hasPrintedEnd) say(`${f.label}  ${outcome(f.run)}`);
    f.hasPrintedEnd = hasEnded; // a resumed run ends again
  }
  for (const { id, label } of followed.values()) {
    const other = app.runs.otherOwner(id);
    if (other) say(`${label}  is running in ${other}; waiting for it. If that process exits, the run continues here.`);
  }
  const pause = () => {
    const here = ids.filter((id) => app.runs.launcher(id) === 'local');
    if (here.length < ids.length) say('The runs on the cluster continue. Repeat the command to follow them again.');
    if (here.length > 0) say('Pausing each run at a checkpoint. Continue later with: permafrost resume ID');
    app.queue.leaveCluster();
    for (const id of here) {
      try {
        app.runs.pause(id);
      } catch (error) {
        say((error as Error).message); // and pauses the others
      }
    }
  };
  process.once('SIGINT', pause);
  process.once('SIGTERM', pause);
  const timer = bars ? setInterval(draw, redrawTime) : null;
  try {
    await app.queue.whenIdle();
  } finally {
    if (timer) clearInterval(timer);
    erase();
    stop();
    process.off('SIGINT', pause);
    process.off('SIGTERM', pause);
  }
  for (const f of followed.values()) {
    f.run = app.runs.get(f.id);
    printEnd(f);
  }
  return ids.map((id) => app.runs.get(id));
}

/** 0 if all runs are finished, else 3. */
export const exitCodeOf = (runs: readonly Pick<Run, 'state'>[]): number =>
  runs.every((run) => run.state === 'finished') ? 0 : 3;
