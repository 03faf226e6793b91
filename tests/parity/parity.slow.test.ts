/** Our engine and models against the numbers of the reference code, traced and eager. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Device } from '#engine/device';
import { valueAndGradients } from '#engine/gradients';
import { adam, chain, clipByGlobalNorm } from '#engine/optim';
import type { CompiledStep, Frozen, Program, Spec, TensorData } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { gpt2 } from '#models/gpt2';
import { buildModel } from '#models/index';
import { countParameters } from '#models/model';
import { accumulateProgram, applyProgram, evalProgram, recipeSlots, trainedNames, trainProgram } from '#models/steps';
import { tasks } from '#tasks/index';
import { mixedLossScale } from '#trainer/programs';
import { difference } from '../engine/devices.ts';
import { parityDevices } from './devices.ts';
import { type Experiment, experimentOf, frozenOf, mean } from './experiment.ts';
import { type Golden, goldenNames, goldenOf, loadGolden } from './golden.ts';

/** 16-bit floats have 11 significant bits, so each operand is off by at most 5e-4 of itself. */
const tolerances = {
  fp32: { value: 1e-4, metric: 5e-5, gradient: 1e-3, trajectory: 1e-3 },
  mixed: { value: 4e-3, metric: 4e-3, gradient: 4e-2, trajectory: 2e-2 },
};
const precisionOf = (device: Device): 'fp32' | 'mixed' => (device.kind === 'wgsl' && device.unit ? 'mixed' : 'fp32');

/** Which test owns which kind of case. A kind that is not here fails the suite. */
const owners: Record<string, string> = {
  'gpt2 body': 'below',
  'loss and metric functions alone': 'tasks/losses and below',
  'FPT forward/backward': 'below',
  'FPT direct forward': 'below',
  'names of trainable parameters per freeze flags': 'below',
  'training trajectory': 'below',
  'e-parameter-counts': 'below',
  'FPT on ViT forward/backward': 'below',
  'image to tokens': 'formats and tasks',
  'CIFAR-10 training augmentation, deterministic': 'tasks/cifar10',
  'audio 16 kHz -> 8 kHz': 'tasks/speechCommands',
  'torch.nn.init.orthogonal_': 'models/initialize',
  'real dataset classes': 'tasks',
};

it('understands every golden case', () => {
  const unknown = goldenNames.map(loadGolden).filter((golden) => !owners[golden.kind]);
  expect(unknown.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([]);
});

const spec = ({ shape, data }: { shape: number[]; data: TensorData }): Required<Spec> => ({
  shape,
  dtype: data instanceof Int32Array ? 'int32' : 'float32',
});

const vitCases = goldenOf('FPT on ViT forward/backward');

const open: CompiledStep[] = [];
afterAll(() => Promise.all(open.map((step) => step.release())));
async function runOnce(
  program: Program,
  device: Device,
  frozen: Record<string, Frozen>,
  batch: Record<string, { shape: number[]; data: TensorData }>,
) {
  const inputs = Object.fromEntries(Object.entries(batch).map(([name, value]) => [name, spec(value)]));
  const step = await compileStep(program, { state: createState({}), inputs, frozen, device });
  open.push(step);
  return step.run(Object.fromEntries(Object.entries(batch).map(([name, { data }]) => [name, data])));
}

describe.each(parityDevices)('on $name', (device) => {
  const tolerance = tolerances[precisionOf(device)];
  it.each(goldenOf('gpt2 body'))('$name: hidden states and attention', async (golden) => {
    const names = Object.keys(golden.tensors('param.'));
    const program: Program = ({ inputs, frozen }) => {
      const outputs: Record<string, tf.Tensor> = {};
      const probe = {
        hidden: (i: number, state: tf.Tensor) => {
          outputs[`hidden_states.${i}`] = tf.transpose(state, [1, 0, 2]);
        },
        attention: (i: number, weights: tf.Tensor) => {
          outputs[`attentions.${i}`] = weights;
        },
      };
      const t = inputs.inputs_embeds.shape[1]!;
      const states = gpt2.forward(
        frozen,
        tf.transpose(inputs.inputs_embeds, [1, 0, 2]),
        golden.info.config,
        null,
        t,
        probe,
      );
      return { outputs: { ...outputs, last_hidden_state: tf.transpose(states, [1, 0, 2]) } };
    };
    const found = await runOnce(program, device, frozenOf(golden, names), {
      inputs_embeds: golden.tensor('inputs_embeds'),
    });
    const expected = ['hidden_states.', 'attentions.'].flatMap((p) => Object.keys(golden.tensors(p)).map((i) => p + i));
    expect(Object.keys(found).sort()).toEqual([...expected, 'last_hidden_state'].sort());
    for (const name of Object.keys(found)) {
      expect(difference(found[name], golden.tensor(name).data), name).toBeLessThan(tolerance.value);
    }
  });

  it.each([...goldenOf('FPT direct forward'), ...vitCases.filter(({ info }) => info.loss === undefined)])(
    '$name: logits and attention',
    async (golden) => {
      const { model } = experimentOf(golden, 'reference');
      const program: Program = ({ inputs, frozen }) => {
        const outputs: Record<string, tf.Tensor> = {};
        const probe = {
          attention: (i: number, weights: tf.Tensor) => {
            outputs[`attentions.${i}`] = weights;
          },
        };
        const logits = model.forward(frozen, inputs.x, null, probe);
        return { outputs: { ...outputs, logits } };
      };
      const found = await runOnce(program, device, frozenOf(golden, Object.keys(model.parameters)), {
        x: golden.tensor('x'),
      });
      expect(difference(found.logits, golden.tensor('logits').data)).toBeLessThan(tolerance.value);
      for (const [i, { data, shape }] of Object.entries(golden.tensors('attentions.'))) {
        const weights = found[`attentions.${i}`];
        const [rows, t] = [weights.length / (data.length / shape[2]), shape[2]];
        // the last block is computed for the tokens that are read: compare the rows that exist
        const expected = Array.from(data).filter((_, at) => Math.floor(at / t) % t >= t - rows);
        expect(difference(weights, expected), `attentions.${i}`).toBeLessThan(tolerance.value);
      }
    },
  );

  const trained = vitCases.filter(({ info }) => info.loss !== undefined);
  const forwardCases = [...goldenOf('FPT forward/backward'), ...trained].flatMap((golden) => {
    const perSample = Object.keys(golden.tensors('per_sample_grad.')).length > 0;
    return [
      { golden, variant: 'reference' as const, name: golden.name, prefix: 'grad.', key: '' },
      ...(perSample
        ? [
            {
              golden,
              variant: 'corrected' as const,
              name: `${golden.name} per sample`,
              prefix: 'per_sample_grad.',
              key: 'per_sample_',
            },
          ]
        : []),
    ];
  });
  it.each(forwardCases)('$name: logits, loss, metric, gradients', async ({ golden, variant, prefix, key }) => {
    const experiment = experimentOf(golden, variant);
    const { info } = golden;
    const { model } = experiment;
    expect(Object.keys(model.parameters).filter(model.isTrainable)).toEqual(info.trainable);
    expect(countParameters(model)).toEqual({ trainable: info.n_trainable, total: info.n_total });

    const trained = trainedNames(model);
    const others = Object.keys(model.parameters).filter((name) => !trained.includes(name));
    const program: Program = ({ state, inputs, frozen }) => {
      let logits!: tf.Tensor;
      const { value, gradients } = valueAndGradients((p) => {
        logits = tf.keep(model.forward({ ...frozen, ...p }, inputs.x, null));
        return experiment.loss(logits, inputs.y);
      }, state);
      return {
        outputs: {
          loss: value,
          logits,
          ...Object.fromEntries(Object.entries(gradients).map(([n, g]) => [prefix + n, g])),
        },
      };
    };
    const [x, y] = [golden.tensor('x'), golden.tensor('y')];
    const state = createState(Object.fromEntries(trained.map((name) => [name, golden.tensor(`param.${name}`)])));
    const step = await compileStep(program, {
      state,
      inputs: { x: spec(x), y: spec(y) },
      frozen: frozenOf(golden, others),
      device,
    });
    open.push(step);
    const found = await step.run({ x: x.data, y: y.data });

    expect(difference(found.logits, golden.tensor('logits').data)).toBeLessThan(tolerance.value);
    const broadcast = info.regression_broadcast;
    const loss = key === '' ? info.loss : broadcast.per_sample_loss;
    const metric = key === '' ? info.metric : broadcast.per_sample_metric;
    expect(Math.abs(found.loss[0] / loss - 1)).toBeLessThan(tolerance.value);
    expect(Math.abs(experiment.metric(found.logits as Float32Array, y.data, x.shape[0]) - metric)).toBeLessThan(
      tolerance.metric,
    );
    const gradients = golden.tensors(prefix);
    expect(
      Object.keys(found)
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length))
        .sort(),
    ).toEqual(Object.keys(gradients).sort());
    for (const [name, { data }] of Object.entries(gradients)) {
      const keep = realGradient(info, name);
      expect(difference(found[prefix + name].filter(keep), data.filter(keep)), name).toBeLessThan(tolerance.gradient);
    }
  });

  it.each(goldenOf('training trajectory'))('$name: ten optimizer steps', async (golden) => {
    const experiment = experimentOf(golden, 'reference');
    const found = await trajectory(golden, experiment, device);
    expect(difference(found.losses, golden.info.losses)).toBeLessThan(tolerance.trajectory);
    expect(difference(found.norms, golden.info.grad_norms)).toBeLessThan(tolerance.trajectory);
    expect(difference(found.testLosses, golden.info.test_losses_per_batch)).toBeLessThan(tolerance.trajectory);
    expect(found.testMetric).toBeCloseTo(golden.info.diagnostics['Test Accuracy'], 6);
    for (const [name, { data }] of Object.entries(golden.tensors('final.'))) {
      const keep = realGradient(golden.info, name);
      const value = found.parameters[name] ?? golden.tensor(`param.${name}`).data; // wte never moves
      expect(difference(value.filter(keep), data.filter(keep)), name).toBeLessThan(tolerance.trajectory);
    }
    if (golden.info.adam_step) {
      for (const slot of ['m', 'v']) {
        const torchName = slot === 'm' ? 'adam.exp_avg.' : 'adam.exp_avg_sq.';
        const expected = golden.tensors(torchName);
        expect(Object.keys(expected).length).toBeGreaterThan(0);
        for (const [name, { data }] of Object.entries(expected)) {
          expect(difference(found.slots[`adam/${slot}/${name}`], data), `${slot} of ${name}`).toBeLessThan(
            tolerance.trajectory,
          );
        }
      }
    }
  });
});

/** Elements whose gradient is not zero in theory (a key bias cancels in the softmax and has rounding noise for a gradient). */
const realGradient = (info: Golden['info'], name: string) => {
  const [from, to] = info.grads_zero_in_theory?.[name] ?? [0, 0];
  return (_: number, i: number) => i < from || i >= to;
};

async function trajectory(golden: Golden, { model, loss, metric }: Experiment, device: Device) {
  const { info } = golden;
  const optimizer = chain(clipByGlobalNorm(1), adam({ lr: info.learning_rate }));
  const recipe = { model, loss, optimizer, lossScale: precisionOf(device) === 'mixed' ? mixedLossScale : undefined };
  const trained = trainedNames(model);
  const frozen = frozenOf(
    golden,
    Object.keys(model.parameters).filter((name) => !trained.includes(name)),
  );
  const count = info.grad_accumulate as number;
  const initial = Object.fromEntries(trained.map((name) => [name, golden.tensor(`param.${name}`)]));
  const state = createState({ ...initial, ...recipeSlots(recipe, count > 1) });
  const [x, y] = [golden.tensor('x.0'), golden.tensor('y.0')];
  const inputs = { x: spec(x), y: spec(y) };
  const compile = async (program: Program, specs: Record<string, Spec>) => {
    const step = await compileStep(program, { state, inputs: specs, frozen, device });
    open.push(step);
    return step;
  };
  const batch = (i: number) => ({ x: golden.tensor(`x.${i}`).data, y: golden.tensor(`y.${i}`).data });
  const losses: number[] = [];
  const norms: number[] = [];
  if (count === 1) {
    const step = await compile(trainProgram(recipe), inputs);
    for (let s = 0; s < info.steps; s++) {
      const out = await step.run(batch(s), [0, s]);
      losses.push(out.loss[0]);
      norms.push(out.gradNorm[0]);
    }
  } else {
    const add = await compile(accumulateProgram(recipe, count), inputs);
    const apply = await compile(applyProgram(recipe), {});
    for (let s = 0; s < info.steps; s++) {
      const parts: number[] = [];
      for (let k = 0; k < count; k++) parts.push((await add.run(batch(s * count + k), [0, s * count + k])).loss[0]);
      losses.push(mean(parts));
      norms.push((await apply.run({})).gradNorm[0]);
    }
  }
  const tests = Object.keys(golden.tensors('test_x.'));
  const [testX, testY] = [golden.tensor('test_x.0'), golden.tensor('test_y.0')];
  const evaluate = await compile(evalProgram(recipe), { x: spec(testX), y: spec(testY) });
  const testLosses: number[] = [];
  const metrics: number[] = [];
  for (const i of tests) {
    const target = golden.tensor(`test_y.${i}`).data;
    const out = await evaluate.run({ x: golden.tensor(`test_x.${i}`).data, y: target });
    testLosses.push(out.loss[0]);
    metrics.push(metric(out.logits as Float32Array, target, testX.shape[0]));
  }
  await state.settle();
  const parameters = Object.fromEntries(trained.map((name) => [name, state.get(name)]));
  const slots = Object.fromEntries(Object.keys(state.specs).map((name) => [name, state.get(name)]));
  return { losses, norms, testLosses, testMetric: mean(metrics), parameters, slots };
}

describe('parameters', () => {
  const { info } = loadGolden('e-parameter-counts');
  it('are counted as the real class counts them, for every row', () => {
    expect(info.counts.length).toBeGreaterThan(120);
    for (const row of info.counts) {
      const { model, task, n, input_dim, output_dim, use_embeddings, settings, trainable, total } = row as Record<
        string,
        never
      >;
      const config = parseConfig({
        ...{ task, n: n ?? null, model_name: model, freeze_pos: false, variant: 'reference' },
        ...(settings as object),
      });
      const shape = {
        tokens: 1,
        width: input_dim,
        inputDim: input_dim,
        outputDim: output_dim,
        embedding: use_embeddings,
      };
      expect(countParameters(buildModel(config, shape)), `${model} ${task} ${JSON.stringify(settings)}`).toEqual({
        trainable,
        total,
      });
    }
  });

  const freeze = loadGolden('b19-freeze-matrix').info;
  interface FreezeRow {
    model: string;
    flags: object;
    trainable: string[];
    use_embeddings_for_in?: boolean;
    in_layer_sizes?: number[] | string;
    out_layer_sizes?: number[];
  }
  it.each(freeze.rows as FreezeRow[])('of $model are frozen by $flags, layers $in_layer_sizes', (row) => {
    const { flags, trainable, ...network } = row;
    const sizes = {
      in_layer_sizes: Array.isArray(network.in_layer_sizes) ? network.in_layer_sizes : [],
      out_layer_sizes: network.out_layer_sizes,
    };
    const fpt = { input_dim: 4, output_dim: 2, use_embeddings_for_in: network.use_embeddings_for_in, ...sizes };
    const info = {
      ...(row.model === 'vit' ? { vit_config: freeze.vit_config } : { gpt2_config: freeze.gpt2_config }),
      experiment_params: { task: 'direct', batch_size: 1, ...flags },
      fpt,
    };
    const { model } = experimentOf({ info } as Golden, 'reference');
    expect(Object.keys(model.parameters).filter(model.isTrainable)).toEqual(trainable);
  });
});

it('every task that the reference trains on has a row', () => {
  const named = goldenOf('FPT forward/backward').map(({ info }) => info.experiment_params.task as string);
  expect(named.filter((task) => !tasks[task])).toEqual([]);
});
