/**
 * Trains one run from its config to its result: trains iteration by iteration, evaluates, writes checkpoints, and reports.
 * `protocol.ts` decides what to do next; this file does it.
 */

import { existsSync, renameSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { describeError, PermafrostError } from '#contract/errors';
import type { EntryBody, FinalResult, TrainerCommand } from '#contract/run';
import { sweepDrafts } from '#disk/atomicFile';
import { retryWhileDiskFails } from '#disk/retryWhileDiskFails';
import type { TensorData } from '#engine/program';
import { countParameters } from '#models/model';
import { trainedNames } from '#models/steps';
import { configDigest } from '#runFolder/config';
import { runFiles } from '#runFolder/paths';
import { isCheckpointDamaged, type Progress, readRunCheckpoint } from '#runFolder/runCheckpoint';
import { knownBodies } from '#zoo/bodies';
import { type CheckpointWriter, openCheckpointWriter } from './checkpointWriter.ts';
import { deviationsOf } from './deviations.ts';
import { beginProof, endProof } from './frozen.ts';
import type { Evaluation, Learner, PendingReport } from './learner.ts';
import { type Prepared, type PrepareOptions, prepare } from './prepare.ts';
import {
  finalEvaluation,
  freshProgress,
  nextAction,
  nextTestBatch,
  recentMetric,
  standardError,
  stopsEarly,
  updateProgress,
} from './protocol.ts';

export type Ended = Extract<EntryBody, { kind: 'ended' }>;

/** A request to end the run early. It has a reason unless the user gave the command. */
export interface Interruption extends TrainerCommand {
  reason: Ended['reason'];
}

/** The channel between a run and the process around it. */
export interface RunControl {
  /** Aborting it with an {@link Interruption} as its reason ends the run, which checks it between batches. */
  readonly stop: AbortSignal;
  /** Optimizer steps done. */
  step: number;
}

export interface RunOptions extends Omit<PrepareOptions, 'signal'> {
  folder: string;
  control: RunControl;
}

interface Session extends RunOptions, Prepared {
  checkpoints: CheckpointWriter;
  progress: Progress;
  /** Trained parameters after the best iteration. */
  best: Record<string, TensorData> | null;
  /** Steps whose figures have not been read yet. */
  unread: { step: number; seconds: number; report: PendingReport }[];
  /** When they were read last, in ms of a monotonic clock. */
  readAt: number;
  /** Seconds that all sessions of the run have taken so far. */
  elapsed(): number;
}

/** Trains from the last checkpoint, or from the start, until the run ends or is interrupted. Throws if the run fails. */
export async function train(options: RunOptions): Promise<Ended> {
  sweepDrafts(options.folder);
  const { journal, control } = options;
  const prepared = await retryWhileDiskFails(() => prepare({ ...options, signal: control.stop }), {
    signal: control.stop,
    onRefusal: ({ message }) => journal.log('warn', `${message} The run will start when the disk works again.`),
  }).catch((error) => {
    if (!control.stop.aborted || error !== control.stop.reason) throw error;
    return null;
  });
  if (!prepared) return restAt(control.step, control.stop.reason);
  try {
    const { weights, device } = prepared;
    const path = runFiles(options.folder).frozen;
    const proof = beginProof(path, weights.frozen, journal);
    const session = begin(options, prepared);
    const ended = await loop(session);
    if (proof)
      await endProof(path, proof, weights.frozen, device, ended.step, journal).catch((error) => {
        const { message } = describeError(error);
        journal.log('warn', `The frozen weights could not be hashed again at the end: ${message}`);
      });
    reportSpeed(session);
    return ended;
  } finally {
    await prepared.learner.release();
  }
}

/** Restores the checkpoint, if there is one, and records the start of the session. */
function begin(options: RunOptions, prepared: Prepared): Session {
  const { config, folder, home, journal, control } = options;
  const { task, model, plan, device, learner } = prepared;
  const files = runFiles(folder);
  const { specs } = learner.state;
  const digest = configDigest(config);
  if (existsSync(files.checkpoint) && isCheckpointDamaged(files.checkpoint)) {
    const aside = `${files.checkpoint}.damaged`;
    renameSync(files.checkpoint, aside);
    journal.log(
      'warn',
      `The checkpoint is damaged: its checksum is wrong. It is kept as ${aside}. The run starts over and will have the same result.`,
    );
  }
  const restored = readRunCheckpoint(files.checkpoint, specs, digest);
  if (restored) load(learner, restored.state);
  const { progress, best } = restored ?? { progress: freshProgress(), best: null };
  control.step = progress.step;
  const { trainable, total } = countParameters(model);
  const deviations = deviationsOf(config, task, knownBodies(home));
  journal.append({
    kind: 'started',
    step: progress.step,
    totalSteps: plan.totalSteps,
    device: device.name,
    trainable,
    total,
    deviations,
  });
  const start = performance.now();
  const elapsed = () => progress.seconds + (performance.now() - start) / 1000;
  return {
    ...options,
    ...prepared,
    progress,
    best,
    unread: [],
    readAt: start,
    elapsed,
    checkpoints: openCheckpointWriter(files, specs, digest, journal),
  };
}

async function loop(session: Session): Promise<Ended> {
  const { config, control } = session;
  const actions = { train: step, test, final };
  for (;;) {
    await breathe(); // steps block the thread, so commands and signals arrive only here
    if (control.stop.aborted) return interrupt(session, control.stop.reason);
    const ended = await actions[nextAction(config, session.progress)](session);
    if (ended) return ended;
  }
}

/** Milliseconds after which the figures of steps are read that a GPU keeps, and the most steps that may wait for it. */
const [readPause, mostUnread] = [500, 64];

async function step(session: Session): Promise<null> {
  const { learner, checkpoints, progress, unread, readAt, elapsed } = session;
  const report = await learner.train(progress.step);
  const done = progress.step + 1;
  unread.push({ step: done, seconds: elapsed(), report });
  session.progress = { ...progress, step: done };
  if (report.isDone || unread.length >= mostUnread || performance.now() - readAt > readPause) await readSteps(session);
  if (checkpoints.isDue()) await save(session);
  return null;
}

/**
 * Checks and journals the figures of all steps so far. Evaluations and checkpoints come after it, so that neither ever sees
 * weights that are not numbers: the last checkpoint is older than the step that failed.
 */
async function readSteps(session: Session): Promise<void> {
  const { journal, control, unread } = session;
  for (const { step, seconds, report } of unread.splice(0)) {
    const { loss, metric, gradNorm } = await report.read();
    checkNumbers(session, step, { 'training loss': loss, 'gradient norm': gradNorm });
    control.step = step;
    journal.metrics(
      [
        ['train_loss', step, loss],
        ['train_metric', step, metric],
        ['grad_norm', step, gradNorm],
      ],
      seconds,
    );
  }
  session.readAt = performance.now();
}

async function test(session: Session): Promise<null> {
  await readSteps(session);
  const { learner, journal, plan, model, elapsed } = session;
  const { step } = session.progress;
  const score = await evaluate(session, 'test', nextTestBatch(plan, session.progress), plan.testBatches);
  if (!score) return null;
  checkNumbers(session, step, { 'test loss': score.loss, 'test metric': score.metric });
  const { progress, improved } = updateProgress(session.progress, score);
  session.progress = progress;
  if (improved) session.best = await copy(learner, trainedNames(model));
  journal.metrics(
    [
      ['test_loss', step, score.loss],
      ['test_metric', step, score.metric],
    ],
    elapsed(),
  );
  await save(session);
  return null;
}

async function final(session: Session): Promise<Ended | null> {
  await readSteps(session);
  const { config, plan, task, learner, model, progress, best, elapsed } = session;
  const { weights, iteration, split, firstBatch } = finalEvaluation(config, plan, progress);
  const last = await copy(learner, trainedNames(model));
  if (weights === 'best') load(learner, best!);
  const score = await evaluate(session, split, firstBatch, plan.finalBatches);
  load(learner, last); // because an interruption writes a checkpoint of the last weights
  if (!score) return null;
  checkNumbers(session, progress.step, { 'final loss': score.loss, 'final metric': score.metric });
  const result: FinalResult = {
    metric: task.metric,
    value: score.metric,
    loss: score.loss,
    samples: score.scores.length,
    standardError: standardError(score.scores),
    last100: progress.testMetrics.length > 0 ? recentMetric(progress) : score.metric,
    iteration,
    iterations: progress.iteration,
    steps: progress.step,
    stoppedEarly: stopsEarly(config, progress),
    seconds: elapsed(),
  };
  return { kind: 'ended', state: 'finished', step: progress.step, reason: null, result };
}

/** Evaluates the learner; null if the run was interrupted meanwhile. */
const evaluate = (
  { learner, control }: Session,
  ...[split, first, count]: Parameters<Learner['evaluate']>
): Promise<Evaluation | null> => learner.evaluate(split, first, count, () => control.stop.aborted);

/** Ends the session with a checkpoint. If that cannot be written, the disk error becomes the reason, since steps will be repeated. */
async function interrupt(session: Session, { kind, reason }: Interruption): Promise<Ended> {
  const outcome = await save(session);
  const failure = outcome.saved ? null : { code: 'disk' as const, message: outcome.error.message };
  return restAt(session.progress.step, { kind, reason: failure ?? reason });
}

const restAt = (step: number, { kind, reason }: Interruption): Ended => ({
  kind: 'ended',
  state: kind === 'pause' ? 'paused' : 'stopped',
  step,
  reason,
  result: null,
});

const save = async (session: Session) => {
  await readSteps(session);
  const { checkpoints, learner, progress, best, elapsed } = session;
  const state = await all(learner);
  return checkpoints.save({ progress: { ...progress, seconds: elapsed() }, state, best });
};

/** The arrays of the whole state, not copied. */
async function all({ state }: Learner): Promise<Record<string, TensorData>> {
  await state.settle();
  return Object.fromEntries(Object.keys(state.specs).map((name) => [name, state.get(name)]));
}

async function copy({ state }: Learner, names: string[]): Promise<Record<string, TensorData>> {
  await state.settle();
  return Object.fromEntries(names.map((name) => [name, state.get(name).slice()]));
}

function load({ state }: Learner, values: Record<string, TensorData>): void {
  for (const [name, data] of Object.entries(values)) state.set(name, data);
}

/** Throws `nan` with the number of the step if one of the values is not a finite number. */
function checkNumbers({ config }: Session, step: number, values: Record<string, number>): void {
  for (const [what, value] of Object.entries(values)) {
    if (Number.isFinite(value)) continue;
    throw new PermafrostError(
      'nan',
      `The ${what} became ${value} at step ${step}. Training cannot continue; the last checkpoint is kept. ` +
        `Try a learning_rate below ${config.learning_rate}${config.optimizer === 'adam' ? '' : ', or the optimizer adam'}.`,
    );
  }
}

/** Logs the time per step, and the part of it spent on making the batch. */
function reportSpeed({ learner, journal }: Session): void {
  const { steps, training, data } = learner.time;
  if (steps === 0) return;
  const each = (ms: number) => `${(ms / steps).toFixed(2)} ms`;
  journal.log('info', `${steps} steps took ${each(training)} each, including ${each(data)} to make the batch.`);
}
