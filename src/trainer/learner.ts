/** A run's compiled programs: an optimizer step and an evaluation. Batches depend only on their index. */
import type { Device } from '#engine/device';
import type { CompiledStep, StartedStep, TensorData } from '#engine/program';
import { createState, type SharedState } from '#engine/state';
import { compileStep } from '#engine/step';
import type { Batch, Dataset, Split } from '#tasks/task';
import { type BatchForm, type FedProgram, formOf, mostForms, programsOf, type RunParts } from './programs.ts';
import { mean, type Score } from './protocol.ts';
import type { Weights } from './weights.ts';

export interface LearnerOptions extends RunParts {
  weights: Weights;
  dataset: Dataset | null;
  device: Device;
  /** Receives the graph of each program as it is compiled. */
  print?(graph: string): void;
}

export interface StepReport extends Score {
  /** Global norm of the gradients before clipping. */
  gradNorm: number;
}

/** An optimizer step that may still be computing. */
export interface PendingReport {
  /** Reading it costs nothing. */
  readonly isDone: boolean;
  /** Waits for the step. */
  read(): Promise<StepReport>;
}

export interface Evaluation extends Score {
  /** The metric of every sample. */
  scores: Float64Array;
}

export interface Learner {
  state: SharedState;
  /** Starts optimizer step `index` (from 0). Loss and metric are means over the step's micro-batches, with dropout. */
  train(index: number): Promise<PendingReport>;
  /** Evaluates `count` batches without dropout and returns unweighted means; null if `cancelled` returned true. */
  evaluate(split: Split, first: number, count: number, cancelled?: () => boolean): Promise<Evaluation | null>;
  /** Number of optimizer steps and their time in ms; `data` is the part of it spent on making batches. */
  readonly time: Readonly<{ steps: number; training: number; data: number }>;
  /** Sums over the compiled programs. */
  readonly stats: CompiledStep['stats'];
  release(): Promise<void>;
}

/** A batch on its way through a program, and what its outputs should be. */
interface StartedBatch {
  step: StartedStep;
  y: Batch['y'];
}

/** Compiles the programs of a run. Takes ownership of the arrays of trained weights. */
export async function compileLearner(options: LearnerOptions): Promise<Learner> {
  const { config, task, shape, plan, weights, dataset, device, print } = options;
  const programs = programsOf(options);
  const state = createState({ ...weights.trained, ...programs.slots });
  const stats = { nodes: 0, traceMs: 0, compileMs: 0 };
  const compile = async ({ program, inputs }: FedProgram, packs = true) => {
    const compiled = await compileStep(program, { state, inputs, frozen: weights.frozen, device, packs, print });
    for (const key of ['nodes', 'traceMs', 'compileMs'] as const) stats[key] += compiled.stats[key];
    return compiled;
  };
  const trains = plan.totalSteps > 0;
  const sizes = { train: trains ? plan.microBatch : 1, test: plan.evalBatch, final: plan.evalBatch };
  const batches = task.batches(config, dataset, { seed: config.seed, sizes });
  const steps = byForm((form) => compile(programs.forward(form)));
  const evaluations = byForm((form) => compile(programs.evaluation(form), !trains));
  const firstOf = (split: Split) => formOf(shape, shape.lengths ? batches.batch(split, 0) : {});
  if (trains) await steps.at(firstOf('train'));
  const apply = programs.apply ? await compile(programs.apply) : null;
  await evaluations.at(firstOf(trains ? 'test' : 'final'));

  const score = task.scores(config);
  const time = { steps: 0, training: 0, data: 0 };

  const readReport = async (started: readonly StartedBatch[], last: StartedStep): Promise<StepReport> => {
    const start = performance.now();
    const losses: number[] = [];
    const metrics: number[] = [];
    for (const { step, y } of started) {
      const { loss, logits } = await step.outputs();
      losses.push(loss[0]);
      metrics.push(mean(score(logits as Float32Array, y, plan.microBatch)));
    }
    const { gradNorm } = await last.outputs();
    time.training += performance.now() - start;
    return { loss: mean(losses), metric: mean(metrics), gradNorm: gradNorm[0] };
  };

  return {
    state,
    time,
    stats,
    async train(index) {
      const start = performance.now();
      const started: StartedBatch[] = [];
      for (let micro = index * plan.microBatches; micro < (index + 1) * plan.microBatches; micro++) {
        const drawn = performance.now();
        const batch = batches.batch('train', micro);
        time.data += performance.now() - drawn;
        const step = await steps.at(formOf(shape, batch));
        started.push({ step: await step.start(inputsOf(batch), [config.seed, micro]), y: batch.y });
      }
      const last = apply ? await apply.start({}) : started.at(-1)!.step;
      time.training += performance.now() - start;
      time.steps++;
      return { isDone: last.isDone, read: () => readReport(started, last) };
    },
    async evaluate(split, first, count, cancelled = () => false) {
      const losses: number[] = [];
      const metrics: number[] = [];
      const scores = new Float64Array(count * plan.evalBatch);
      const take = async ({ step, y }: StartedBatch) => {
        const out = await step.outputs();
        const found = score(out.logits as Float32Array, y, plan.evalBatch);
        scores.set(found, losses.length * plan.evalBatch);
        losses.push(out.loss[0]);
        metrics.push(mean(found));
      };
      let before: StartedBatch | null = null; // read while a GPU computes the next one
      for (let i = 0; i < count; i++) {
        if (cancelled()) return null;
        const batch = batches.batch(split, first + i);
        const evaluation = await evaluations.at(formOf(shape, batch));
        const step = await evaluation.start(inputsOf(batch));
        if (before) await take(before);
        before = { step, y: batch.y };
      }
      if (before) await take(before);
      return { loss: mean(losses), metric: mean(metrics), scores };
    },
    async release() {
      await state.release(); // first; otherwise each step would copy the state back from the device on release
      await steps.release();
      await apply?.release();
      await evaluations.release();
    },
  };
}

export const inputsOf = ({ x, y, at, computed }: Batch): Record<string, TensorData> => ({
  ...{ x, y },
  ...(at ? { at } : {}),
  ...(computed ? { computed } : {}),
});

/** Compiles a program for each form of a batch on demand and keeps the most recently used ones. */
function byForm(compile: (form: BatchForm) => Promise<CompiledStep>) {
  const open = new Map<string, CompiledStep>(); // least recently used first
  return {
    async at(form: BatchForm): Promise<CompiledStep> {
      const key = `${form.tokens} ${form.computed}`;
      const found = open.get(key) ?? (await compile(form));
      open.delete(key);
      open.set(key, found);
      const [oldest] = open.keys();
      if (open.size > mostForms) {
        await open.get(oldest)!.release();
        open.delete(oldest);
      }
      return found;
    },
    async release(): Promise<void> {
      for (const program of open.values()) await program.release();
    },
  };
}
