/** A run's compiled programs: one optimizer step, one evaluation, on batches that are functions of their index. */
import type { ExperimentConfig } from '#contract/config';
import type { Device } from '#engine/device';
import { constant, optimizers } from '#engine/optim';
import type { CompiledStep, Data, Program, Spec } from '#engine/program';
import { createState, type SharedState } from '#engine/state';
import { compileStep } from '#engine/step';
import type { Model } from '#models/index';
import { accumulateProgram, applyProgram, evalProgram, type Recipe, recipeSlots, trainProgram } from '#models/steps';
import type { Dataset, Split, Task, TaskShape } from '#tasks/task';
import { mean, type Plan, type Score } from './protocol.ts';
import type { Weights } from './weights.ts';

export interface LearnerOptions {
  config: ExperimentConfig;
  task: Task;
  shape: TaskShape;
  model: Model;
  plan: Plan;
  weights: Weights;
  dataset: Dataset | null;
  device: Device;
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
  /** Optimizer step `index` (from 0). Loss and metric are means over the step's micro-batches, with dropout. */
  train(index: number): Promise<StepReport>;
  /** Unweighted means over `count` batches, without dropout; null as soon as `cancelled` says so. */
  evaluate(split: Split, first: number, count: number, cancelled?: () => boolean): Promise<Evaluation | null>;
  /** Optimizer steps taken, and what they took in ms; `data` is the part spent on making batches. */
  readonly time: Readonly<{ steps: number; training: number; data: number }>;
  /** Of the compiled programs together. */
  readonly stats: CompiledStep['stats'];
  release(): Promise<void>;
}

const clip = 1; // largest global norm of the gradients, as published

export async function compileLearner(options: LearnerOptions): Promise<Learner> {
  const { config, task, shape, model, plan, weights, dataset, device } = options;
  const loss = task.loss(config);
  const recipe: Recipe = { model, loss, optimizer: optimizers[config.optimizer](), schedule: constant(), clip };
  const accumulates = plan.microBatches > 1;
  const state = createState({ ...weights.trained, ...recipeSlots(recipe, accumulates) });
  const lr: Spec = { shape: [] };
  const compile = (program: Program, inputs: Record<string, Spec>) =>
    compileStep(program, { state, inputs, frozen: weights.frozen, device });
  const forward = accumulates ? accumulateProgram(recipe, plan.microBatches) : trainProgram(recipe);
  const step = await compile(forward, { ...batchSpecs(shape, plan.microBatch), ...(accumulates ? {} : { lr }) });
  const apply = accumulates ? await compile(applyProgram(recipe), { lr }) : null;
  const evaluation = await compile(evalProgram(recipe), batchSpecs(shape, plan.evalBatch));
  const compiled = [step, apply, evaluation].filter((program) => program !== null);

  const sizes = { train: plan.microBatch, test: plan.evalBatch, final: plan.evalBatch };
  const batches = task.batches(config, dataset, { seed: config.seed, sizes });
  const score = task.scores(config);
  const rate = { lr: Float32Array.of(config.learning_rate) };
  const time = { steps: 0, training: 0, data: 0 };

  return {
    state,
    time,
    stats: total(compiled.map(({ stats }) => stats)),
    async train(index) {
      const start = performance.now();
      const losses: number[] = [];
      const metrics: number[] = [];
      let gradNorm: Data | undefined;
      for (let micro = index * plan.microBatches; micro < (index + 1) * plan.microBatches; micro++) {
        const drawn = performance.now();
        const { x, y } = batches.batch('train', micro);
        time.data += performance.now() - drawn;
        const out = await step.run(accumulates ? { x, y } : { x, y, ...rate }, [config.seed, micro]);
        losses.push(out.loss[0]);
        metrics.push(mean(score(out.logits as Float32Array, y, plan.microBatch)));
        gradNorm = out.gradNorm;
      }
      gradNorm = apply ? (await apply.run(rate)).gradNorm : gradNorm!;
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
        const { x, y } = batches.batch(split, first + i);
        const out = await evaluation.run({ x, y });
        const found = score(out.logits as Float32Array, y, plan.evalBatch);
        losses.push(out.loss[0]);
        metrics.push(mean(found));
        scores.set(found, i * plan.evalBatch);
      }
      return { loss: mean(losses), metric: mean(metrics), scores };
    },
    async release() {
      for (const program of compiled) await program.release();
    },
  };
}

function batchSpecs({ tokens, width, embedding, target, targetType }: TaskShape, batch: number): { x: Spec; y: Spec } {
  return {
    x: embedding ? { shape: [batch, tokens], dtype: 'int32' } : { shape: [batch, tokens, width] },
    y: { shape: [batch, ...target], dtype: targetType },
  };
}

const total = (all: CompiledStep['stats'][]): CompiledStep['stats'] => ({
  nodes: all.reduce((sum, { nodes }) => sum + nodes, 0),
  traceMs: all.reduce((sum, { traceMs }) => sum + traceMs, 0),
  compileMs: all.reduce((sum, { compileMs }) => sum + compileMs, 0),
});
