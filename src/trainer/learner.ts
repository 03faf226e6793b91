/** A run's compiled programs: an optimizer step and an evaluation. Batches depend only on their index. */
import type { ExperimentConfig } from '#contract/config';
import type { Device } from '#engine/device';
import { chain, clipByGlobalNorm, optimizers } from '#engine/optim';
import type { CompiledStep, Program, Spec, TensorData } from '#engine/program';
import { schedules } from '#engine/schedule';
import { createState, type SharedState } from '#engine/state';
import { compileStep } from '#engine/step';
import type { Model } from '#models/model';
import { accumulateProgram, applyProgram, evalProgram, type Recipe, recipeSlots, trainProgram } from '#models/steps';
import type { Batch, Dataset, Split, Task, TaskShape } from '#tasks/task';
import { mean, type Score, type TrainingPlan } from './protocol.ts';
import type { Weights } from './weights.ts';

export interface LearnerOptions {
  config: ExperimentConfig;
  task: Task;
  shape: TaskShape;
  model: Model;
  plan: TrainingPlan;
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

export interface Evaluation extends Score {
  /** The metric of every sample. */
  scores: Float64Array;
}

export interface Learner {
  state: SharedState;
  /** Takes optimizer step `index` (from 0). Loss and metric are means over the step's micro-batches, with dropout. */
  train(index: number): Promise<StepReport>;
  /** Evaluates `count` batches without dropout and returns unweighted means; null if `cancelled` returned true. */
  evaluate(split: Split, first: number, count: number, cancelled?: () => boolean): Promise<Evaluation | null>;
  /** Number of optimizer steps and their time in ms; `data` is the part of it spent on making batches. */
  readonly time: Readonly<{ steps: number; training: number; data: number }>;
  /** Sums over the compiled programs. */
  readonly stats: CompiledStep['stats'];
  release(): Promise<void>;
}

const largestNorm = 1; // of all gradients together, as published

/** Compiles the programs of a run. Takes ownership of the arrays of trained weights. */
export async function compileLearner(options: LearnerOptions): Promise<Learner> {
  const { config, task, shape, model, plan, weights, dataset, device, print } = options;
  const loss = task.loss(config);
  const lr = schedules[config.schedule](config.learning_rate, config.warmup_steps, plan.totalSteps);
  const optimizer = chain(clipByGlobalNorm(largestNorm), optimizers[config.optimizer]({ lr }));
  const recipe: Recipe = { model, loss, optimizer };
  const accumulates = plan.microBatches > 1;
  const state = createState({ ...weights.trained, ...recipeSlots(recipe, accumulates) });
  const stats = { nodes: 0, traceMs: 0, compileMs: 0 };
  const compile = async (program: Program, inputs: Record<string, Spec>, packs = true) => {
    const compiled = await compileStep(program, { state, inputs, frozen: weights.frozen, device, packs, print });
    for (const key of ['nodes', 'traceMs', 'compileMs'] as const) stats[key] += compiled.stats[key];
    return compiled;
  };
  const trains = plan.totalSteps > 0;
  const sizes = { train: trains ? plan.microBatch : 1, test: plan.evalBatch, final: plan.evalBatch };
  const batches = task.batches(config, dataset, { seed: config.seed, sizes });
  const forward = accumulates ? accumulateProgram(recipe, plan.microBatches) : trainProgram(recipe);
  const steps = byLength((tokens) => compile(forward, batchSpecs(shape, tokens, plan.microBatch)));
  const evaluations = byLength((tokens) =>
    compile(evalProgram(recipe), batchSpecs(shape, tokens, plan.evalBatch), !trains),
  );
  const lengthOf = ({ tokens = shape.tokens }: Partial<Batch>) => tokens;
  const firstOf = (split: Split) => lengthOf(shape.lengths ? batches.batch(split, 0) : {});
  if (trains) await steps.at(firstOf('train'));
  const apply = accumulates && trains ? await compile(applyProgram(recipe), {}) : null;
  await evaluations.at(firstOf(trains ? 'test' : 'final'));

  const score = task.scores(config);
  const time = { steps: 0, training: 0, data: 0 };

  return {
    state,
    time,
    stats,
    async train(index) {
      const start = performance.now();
      const losses: number[] = [];
      const metrics: number[] = [];
      let gradNorm: TensorData | undefined;
      for (let micro = index * plan.microBatches; micro < (index + 1) * plan.microBatches; micro++) {
        const drawn = performance.now();
        const batch = batches.batch('train', micro);
        time.data += performance.now() - drawn;
        const step = await steps.at(lengthOf(batch));
        const out = await step.run(inputsOf(batch), [config.seed, micro]);
        losses.push(out.loss[0]);
        metrics.push(mean(score(out.logits as Float32Array, batch.y, plan.microBatch)));
        gradNorm = out.gradNorm;
      }
      gradNorm = apply ? (await apply.run({})).gradNorm : gradNorm!;
      time.training += performance.now() - start;
      time.steps++;
      return { loss: mean(losses), metric: mean(metrics), gradNorm: gradNorm[0] };
    },
    async evaluate(split, first, count, cancelled = () => false) {
      const losses: number[] = [];
      const metrics: number[] = [];
      const scores = new Float64Array(count * plan.evalBatch);
      for (let i = 0; i < count; i++) {
        if (cancelled()) return null;
        const batch = batches.batch(split, first + i);
        const evaluation = await evaluations.at(lengthOf(batch));
        const out = await evaluation.run(inputsOf(batch));
        const found = score(out.logits as Float32Array, batch.y, plan.evalBatch);
        losses.push(out.loss[0]);
        metrics.push(mean(found));
        scores.set(found, i * plan.evalBatch);
      }
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

/** Specs of a program's inputs: x, y, and `at` if samples are not read at their last token. */
export function batchSpecs(
  { width, embedding, target, targetType, readsAt }: TaskShape,
  tokens: number,
  batch: number,
): Record<string, Spec> {
  return {
    x: embedding ? { shape: [batch, tokens], dtype: 'int32' } : { shape: [batch, tokens, width] },
    y: { shape: [batch, ...target], dtype: targetType },
    ...(readsAt ? { at: { shape: [batch], dtype: 'int32' } } : {}),
  };
}

export const inputsOf = ({ x, y, at }: Batch): Record<string, TensorData> => (at ? { x, y, at } : { x, y });

/** Most programs that stay open. Each holds its own packed weights and activations. */
const mostLengths = 4;

/** Compiles a program for each sequence length on demand and keeps the most recently used ones. */
function byLength(compile: (tokens: number) => Promise<CompiledStep>) {
  const open = new Map<number, CompiledStep>(); // least recently used first
  return {
    async at(tokens: number): Promise<CompiledStep> {
      const found = open.get(tokens) ?? (await compile(tokens));
      open.delete(tokens);
      open.set(tokens, found);
      const [oldest] = open.keys();
      if (open.size > mostLengths) {
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
