/** Trained baselines against PyTorch: fixtures/torch/baselines.py says how its numbers were made. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { valueAndGradients } from '#engine/gradients';
import { adam, chain, clipByGlobalNorm } from '#engine/optim';
import type { CompiledStep, Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { buildModel } from '#models/index';
import { countParameters } from '#models/model';
import { recipeSlots, trainProgram } from '#models/steps';
import { taskOf } from '#tasks/index';
import { binaryCrossEntropy, crossEntropy, squaredError } from '#tasks/losses';
import { devices, difference, tracedCpu } from '../engine/devices.ts';
import ast from '../fixtures/torch/ast.json' with { type: 'json' };
import lstm from '../fixtures/torch/lstm.json' with { type: 'json' };
import mat from '../fixtures/torch/mat.json' with { type: 'json' };
import nac from '../fixtures/torch/nac.json' with { type: 'json' };

interface Fixture {
  parameters: Record<string, { shape: number[]; scale: number; offset: number }>;
  x: number[];
  /** Values of x, where the default wave does not fit. */
  values?: number[];
  y: number[];
  learning_rate: number;
  logits: number[];
  loss: number;
  gradients: Record<string, { norm: number; stride: number; values: number[] }>;
  losses: number[];
}
const small = { pretrained: false, freeze_trans: false, dropout: 0, body_dropout: 0 };
const cases = [
  {
    name: 'lstm',
    fixture: lstm as Fixture,
    model: buildModel(parseConfig({ ...small, task: 'x', model_name: 'lstm', n_embd: 8 }), {
      ...{ tokens: 6, width: 4, inputDim: 4, outputDim: 5, embedding: false },
    }),
    x: { scale: 1, offset: 0 },
    loss: (logits: tf.Tensor, y: tf.Tensor) => crossEntropy(tf.reshape(logits, [-1, 5]), y),
  },
  {
    name: 'nac',
    fixture: nac as Fixture,
    model: buildModel(parseConfig({ ...small, task: 'mnist-add-reg', model_name: 'nac' }), {
      ...{ tokens: 3, width: 784, inputDim: 784, outputDim: 1, embedding: false },
    }),
    x: { scale: 0.5, offset: 0.5 },
    loss: (logits: tf.Tensor, y: tf.Tensor) => squaredError(tf.reshape(logits, [-1]), y),
  },
  {
    name: 'ast',
    fixture: ast as Fixture,
    model: buildModel(
      parseConfig({ ...small, ...{ task: 'x', model_name: 'ast', n_layer: 2, n_embd: 8, n_head: 2 } }),
      { tokens: 46, width: 36, inputDim: 36, outputDim: 5, embedding: false },
    ),
    x: { scale: 1, offset: 0 },
    loss: (logits: tf.Tensor, y: tf.Tensor) =>
      binaryCrossEntropy(tf.reshape(logits, [-1, 5]), tf.oneHot(tf.cast(y, 'int32'), 5)),
  },
  {
    name: 'mat',
    fixture: mat as Fixture,
    model: buildModel(
      parseConfig({ ...small, ...{ task: 'x', model_name: 'mat', n_layer: 2, n_embd: 8, n_head: 2 } }),
      { tokens: 6, width: 47, inputDim: 47, outputDim: 1, embedding: false },
    ),
    x: { scale: 0, offset: 0 },
    loss: (logits: tf.Tensor, y: tf.Tensor) => binaryCrossEntropy(tf.reshape(logits, [-1]), y),
  },
];

const wave = (k: number, shape: number[], { scale, offset }: { scale: number; offset: number }) =>
  Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => offset + scale * Math.sin(0.0007 * i * i + 12.9898 * i + 78.233 * (k + 1)),
  );

/** A key's bias shifts all scores of a row equally, which softmax ignores: its gradient is rounding noise. */
const nothing = 1e-6;

const open: CompiledStep[] = [];
afterAll(() => Promise.all(open.map((step) => step.release())));

describe.each(devices)('on $name', (device) => {
  describe.each(cases)('$name', ({ fixture, model, x, loss }) => {
    const names = Object.keys(fixture.parameters);
    const initial = () =>
      Object.fromEntries(
        names.map((name, k) => {
          const { shape } = fixture.parameters[name];
          return [name, { shape, data: wave(k, shape, fixture.parameters[name]) }];
        }),
      );
    const inputs = { x: { shape: fixture.x }, y: { shape: [fixture.y.length], dtype: 'int32' as const } };
    const batch = {
      x: fixture.values ? Float32Array.from(fixture.values) : wave(-1, fixture.x, x),
      y: Int32Array.from(fixture.y),
    };

    it('has the parameters of the PyTorch module', () => {
      const shapes = names.map((name) => [name, fixture.parameters[name].shape]);
      expect(Object.keys(model.parameters).sort()).toEqual([...names].sort());
      expect(model.parameters).toEqual(Object.fromEntries(shapes));
    });

    it('has its outputs, loss and gradients', async () => {
      const program: Program = ({ state, inputs }) => {
        let logits!: tf.Tensor;
        const { value, gradients } = valueAndGradients((p) => {
          logits = tf.keep(model.forward(p, inputs.x, null));
          return loss(logits, inputs.y);
        }, state);
        return { outputs: { loss: value, logits, ...gradients } };
      };
      const step = await compileStep(program, { state: createState(initial()), inputs, device });
      open.push(step);
      const found = await step.run(batch);
      expect(difference(found.logits, fixture.logits)).toBeLessThan(1e-5);
      expect(Math.abs(found.loss[0] / fixture.loss - 1)).toBeLessThan(1e-5);
      for (const [name, { norm, stride, values }] of Object.entries(fixture.gradients)) {
        const length = Math.sqrt(Array.from(found[name]).reduce((sum, g) => sum + g * g, 0));
        if (norm < nothing) {
          expect(length, name).toBeLessThan(nothing);
          continue;
        }
        const sampled = found[name].filter((_, i) => i % stride === 0);
        expect(difference(sampled, values), name).toBeLessThan(1e-3);
        expect(Math.abs(length / norm - 1), name).toBeLessThan(1e-3);
      }
    });

    // the eager backend takes a minute for the CNN's five steps, and Adam is compared on it elsewhere
    it.runIf(device === tracedCpu)('takes five steps of Adam as it does', async () => {
      const optimizer = chain(clipByGlobalNorm(1), adam({ lr: fixture.learning_rate }));
      const recipe = { model, loss, optimizer };
      const state = createState({ ...initial(), ...recipeSlots(recipe, false) });
      const step = await compileStep(trainProgram(recipe), { state, inputs, device });
      open.push(step);
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) {
        const { loss } = await step.run(batch, [0, i]);
        losses.push(loss[0]);
      }
      expect(difference(losses, fixture.losses)).toBeLessThan(1e-3);
    });
  });
});

describe('lstm', () => {
  const config = parseConfig({ task: 'x', model_name: 'lstm', pretrained: false });

  it('has gradients on sequences of a single token, which failed inside tf.stack', () => {
    const one = { tokens: 1, width: 10, inputDim: 10, outputDim: 4, embedding: false };
    const model = buildModel(parseConfig({ ...config, n_embd: 8, n_layer: 2, freeze_trans: false }), one);
    const names = Object.keys(model.parameters);
    const { gradients } = valueAndGradients(
      (p) => tf.sum(model.forward(p, tf.ones([2, 1, 10]), null)),
      Object.fromEntries(names.map((name) => [name, tf.tensor(model.initialValue(name, 1), model.parameters[name])])),
    );
    expect(Object.keys(gradients).sort()).toEqual(names.sort());
  });
  const shape = { tokens: 6, width: 16, inputDim: 16, outputDim: 10, embedding: false };
  it('has three layers of 768', () => {
    const layer = 2 * (4 * 768 * 768 + 4 * 768) + 4 * 4 * 768 + 2 * 768;
    const { total } = countParameters(buildModel(config, shape));
    expect(total).toBe(3 * layer + 17 * 768 + 10 * 769);
  });
  it('has random frozen weights and trained norms if its body is frozen', () => {
    const model = buildModel(config, shape);
    const trained = Object.keys(model.parameters).filter(model.isTrainable);
    expect(trained.filter((name) => name.startsWith('transformer.')).every((name) => name.includes('.ln_'))).toBe(true);
    expect(trained).toContain('transformer.params.2.ln_cell.alpha');
  });
});

describe('nac', () => {
  const shape = { tokens: 10, width: 784, inputDim: 784, outputDim: 1, embedding: false };
  it('starts with the variance of its re-implementation in the cell, and like torch in other layers', () => {
    const model = buildModel(
      parseConfig({ task: 'mnist-add-reg', n: 10, model_name: 'nac', pretrained: false, freeze_trans: false }),
      shape,
    );
    const values = (name: string, seeds: number) =>
      Array.from({ length: seeds }, (_, seed) => [...model.initialValue(name, seed)]).flat();
    const gates = values('nac.M_hat', 200);
    const weights = values('nac.W_hat', 200).map((w, i) => Math.tanh(w) / (1 + Math.exp(-gates[i])));
    expect(weights.reduce((sum, w) => sum + w * w, 0) / weights.length).toBeCloseTo(0.4, 1);
    expect(Math.max(...values('fc2.weight', 5).map(Math.abs))).toBeCloseTo(1 / Math.sqrt(500), 3);
  });
  it('is refused for tasks other than sums of MNIST images, and with pretrained weights, which do not exist', () => {
    const of = (settings: object, change = {}) =>
      buildModel(
        parseConfig({ task: 'mnist-add', model_name: 'nac', pretrained: false, freeze_trans: false, ...settings }),
        {
          ...shape,
          ...change,
        },
      );
    expect(() => of({}, { outputDim: 91 })).toThrow(
      /nac needs whole MNIST images and predicts their sum; mnist-add differs. Choose the task mnist-add-reg/,
    );
    expect(() => of({ pretrained: true })).toThrow(/Set pretrained to false/);
  });
  it('is refused with settings that it would ignore', () => {
    const of = (settings: object) =>
      buildModel(
        parseConfig({
          ...{ task: 'mnist-add-reg', model_name: 'nac', pretrained: false, freeze_trans: false },
          ...settings,
        }),
        shape,
      );
    expect(() => of({ body_dropout: 0.1 })).toThrow(/body_dropout: nac ignores this setting; found 0.1/);
    expect(() => of({ out_layer_sizes: [9] })).toThrow(/out_layer_sizes: nac ignores this setting/);
    expect(() => of({ n_layer: 2 })).toThrow(/n_layer: nac/);
    for (const flag of ['freeze_trans', 'freeze_in', 'freeze_out'])
      expect(() => of({ [flag]: true })).toThrow(`${flag}: all of nac is trained`);
  });
});

describe('ast', () => {
  const of = (settings: object, change = {}) =>
    buildModel(parseConfig({ task: 'speech-commands-mel', model_name: 'ast', ...settings }), {
      ...{ tokens: 128, width: 128, inputDim: 128, outputDim: 35, embedding: false, ...change },
    });
  it('has the size of the published checkpoint: 12 × 12 patches and two tokens', () => {
    const model = of({});
    expect(model.parameters['audio_spectrogram_transformer.embeddings.position_embeddings']).toEqual([1, 146, 768]);
    expect(countParameters(model).total).toBe(85_395_491);
  });
  it('trains norms, patches and classifier if frozen, and nothing without iterations', () => {
    const model = of({});
    const trained = Object.keys(model.parameters).filter(model.isTrainable);
    expect(trained.every((name) => /layernorm|projection|classifier/.test(name))).toBe(true);
    expect(trained).toHaveLength(2 * (2 * 12 + 1 + 1 + 2));
    expect(countParameters(of({ num_iters: 0 })).trainable).toBe(0);
  });
  it('is refused for molecules, whose batches differ in length, instead of failing when it trains', () => {
    const config = parseConfig({ task: 'cyp3a4-graph', model_name: 'ast', pretrained: false });
    expect(() => buildModel(config, taskOf(config).shape(config))).toThrow(
      /^model_name: ast needs spectrograms of one length .*, which cyp3a4-graph does not have\. Choose the task speech-commands-mel\.$/,
    );
  });
  it('is refused for tasks without spectrograms, and with a size that its weights do not have', () => {
    expect(() => of({ task: 'mnist' }, { width: 10 })).toThrow(
      /which mnist does not have. Choose the task speech-commands-mel/,
    );
    expect(() => of({ n_layer: 2 })).toThrow(/n_layer: pretrained weights of ast have their own size/);
    expect(() => of({ n_positions: 9, pretrained: false })).toThrow(/n_positions: ast ignores this setting/);
  });
});
