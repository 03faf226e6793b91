/**
 * The training protocol of dl-project as pure functions: they decide what a run does next, when it evaluates, when it stops
 * early, and which weights its final evaluation uses. {@link Progress} describes a run's position completely: all random draws
 * (batches, dropout) follow from the number of steps, so a resumed run continues exactly.
 */
import type { ExperimentConfig } from '#contract/config';
import type { Progress } from '#runFolder/runCheckpoint';
import type { Split } from '#tasks/task';

/** The sizes of a run's batches and how many there are. */
export interface TrainingPlan {
  /** Samples that the device processes at once while training. */
  microBatch: number;
  /** Micro-batches per optimizer step. If there are several, their gradients are accumulated. */
  microBatches: number;
  /** Samples that the device processes at once in an evaluation. */
  evalBatch: number;
  /** Batches of one test evaluation. */
  testBatches: number;
  /** Batches of the final evaluation. */
  finalBatches: number;
  totalSteps: number;
}

/**
 * Plans the batches of a config. Evaluations round samples up to whole batches of `batch_size`.
 * The reference evaluates `batch_size` samples at once. On tasks that ignore gpu_batch_size (`readsWholeBatches`) it also
 * trains on `batch_size` samples per micro-batch. Corrected runs never exceed gpu_batch_size.
 */
export function planOf(config: ExperimentConfig, readsWholeBatches: boolean): TrainingPlan {
  const { batch_size, gpu_batch_size } = config;
  const reference = config.variant === 'reference';
  const fits = Math.min(batch_size, gpu_batch_size);
  const evalBatch = reference ? batch_size : fits;
  const batchesFor = (samples: number) => Math.ceil(samples / batch_size) * (batch_size / evalBatch);
  return {
    microBatch: reference && readsWholeBatches ? batch_size : fits,
    microBatches: batch_size / fits,
    evalBatch,
    testBatches: batchesFor(config.test_steps_per_iter),
    finalBatches: batchesFor(config.final_test_samples),
    totalSteps: config.num_iters * config.steps_per_iter,
  };
}

/** The published "average test accuracy" is the mean of this many evaluations. */
const remembered = 100;

export const freshProgress = (): Progress => ({ step: 0, iteration: 0, best: null, testMetrics: [], seconds: 0 });

/** The next action of a run: an optimizer step, the test evaluation that ends an iteration, or the final evaluation. */
export function nextAction(config: ExperimentConfig, progress: Progress): 'train' | 'test' | 'final' {
  const { step, iteration } = progress;
  if (step >= (iteration + 1) * config.steps_per_iter) return 'test';
  return iteration >= config.num_iters || stopsEarly(config, progress) ? 'final' : 'train';
}

/** Mean loss and metric of an evaluation. */
export interface Score {
  loss: number;
  metric: number;
}

/**
 * Progress after a test evaluation. Its loss becomes the best if it is the first one, or if the best so far is more than 1 %
 * higher; NaN never becomes the best. `improved` says whether the loss became the best.
 */
export function updateProgress(progress: Progress, test: Score): { progress: Progress; improved: boolean } {
  const iteration = progress.iteration + 1;
  const improved = (progress.best?.loss ?? Number.POSITIVE_INFINITY) > 1.01 * test.loss;
  const best = improved ? { iteration, loss: test.loss } : progress.best;
  const testMetrics = [...progress.testMetrics, test.metric].slice(-remembered);
  return { progress: { ...progress, iteration, best, testMetrics }, improved };
}

/** Whether at least `early_stop` iterations have passed since the best one. */
export const stopsEarly = (config: ExperimentConfig, { iteration, best }: Progress): boolean =>
  config.early_stop !== null && iteration - (best?.iteration ?? 0) >= config.early_stop;

/** The weights and batches of a run's final evaluation. */
export interface FinalEvaluation {
  weights: 'best' | 'last';
  /** Iteration (from 1) that these weights come from. */
  iteration: number;
  split: Split;
  /** Index of its first batch. */
  firstBatch: number;
}

/**
 * Corrected runs evaluate the best weights on the split `final`. Reference runs evaluate the best weights only if early stop
 * fired, otherwise the last ones, on test batches that continue after those of the last evaluation.
 */
export function finalEvaluation(config: ExperimentConfig, plan: TrainingPlan, progress: Progress): FinalEvaluation {
  const { iteration, best } = progress;
  const reference = config.variant === 'reference';
  const useBest = best !== null && (!reference || stopsEarly(config, progress));
  return {
    weights: useBest ? 'best' : 'last',
    iteration: useBest ? best.iteration : iteration,
    split: reference ? 'test' : 'final',
    firstBatch: reference ? nextTestBatch(plan, progress) : 0,
  };
}

/** Index of the first test batch that no evaluation has seen. */
export const nextTestBatch = (plan: TrainingPlan, { iteration }: Progress): number => iteration * plan.testBatches;

/** The mean metric of the newest evaluations. */
export const recentMetric = ({ testMetrics }: Progress): number => mean(testMetrics);

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
};

/** Standard error of the mean of per-sample scores; 0 for a single score. */
export function standardError(scores: ArrayLike<number>): number {
  const n = scores.length;
  if (n < 2) return 0;
  const centre = mean(scores);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (scores[i] - centre) ** 2;
  return Math.sqrt(squares / (n - 1) / n);
}
