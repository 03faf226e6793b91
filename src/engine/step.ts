/**
 * Compiles a program for a device: into a graph for ONNX Runtime, into WGSL kernels for a GPU, or, on an eager tfjs
 * backend, into the program itself.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from 'onnxruntime-common';
import { PermafrostError } from '#contract/errors';
import type { Device, EagerDevice, OnnxDevice, WgslDevice } from './device.ts';
import { fuse } from './fuse.ts';
import { writableInPlace } from './inPlace.ts';
import { mapValues } from './mapValues.ts';
import { checkedInput, noiseWords } from './noise.ts';
import { writeOnnx } from './onnx.ts';
import { padProducts } from './padProducts.ts';
import { printGraph } from './print.ts';
import type { CompiledStep, Frozen, Noise, Program, Spec, TensorData } from './program.ts';
import { onDevice } from './resident.ts';
import type { SharedState } from './state.ts';
import { deviceFlow, hostFlow } from './stateFlow.ts';
import { traceProgram } from './trace.ts';
import { compileWgsl } from './wgsl/compile.ts';
import { NoWgslError } from './wgsl/lowerings.ts';

export interface StepOptions {
  state: SharedState;
  inputs: Record<string, Spec>;
  frozen?: Record<string, Frozen>;
  device: Device;
  /**
   * Whether the runtime packs frozen weights for its matrix products. Packing saves about a tenth of the time of each run,
   * but makes a second copy of these weights, which takes time at the start and memory. Default: true.
   */
  packs?: boolean;
  /** Receives the simplified graph as text before a device compiles it. Eager devices have none. */
  print?(graph: string): void;
}
/** A compiled step that computes while it is called. */
type BlockingStep = Omit<CompiledStep, 'start'>;
type Options = StepOptions & Required<Pick<StepOptions, 'frozen' | 'packs'>>;

/** Compiles `program`. Throws `trace` for a program that cannot be recorded and `device` when the runtime refuses the graph. */
export async function compileStep(program: Program, options: StepOptions): Promise<CompiledStep> {
  const full = { frozen: {}, packs: true, ...options };
  const { device } = full;
  if (device.kind === 'wgsl') return compileOnGpu(program, full, device);
  const compiled = device.kind === 'onnx' ? compileOnnx(program, full, device) : compileEager(program, full, device);
  return startable(await compiled);
}

const startable = (step: BlockingStep): CompiledStep => ({
  ...step,
  async start(...fed) {
    const outputs = await step.run(...fed);
    return { isDone: true, outputs: async () => outputs };
  },
});

/** Compiles to WGSL, or to ONNX Runtime if an operator has no WGSL kernel. */
async function compileOnGpu(program: Program, options: Options, device: WgslDevice): Promise<CompiledStep> {
  try {
    return await compileWgsl(program, options, device);
  } catch (error) {
    if (!(error instanceof NoWgslError)) throw error;
    device.say(`${error.message} ONNX Runtime runs the step.`);
    return startable(await compileOnnx(program, options, await device.fallback()));
  }
}

async function compileOnnx(
  program: Program,
  { state, inputs, frozen, packs, print }: Options,
  device: OnnxDevice,
): Promise<BlockingStep> {
  const traceStart = performance.now();
  const trace = traceProgram(program, { state: state.specs, inputs, frozen });
  const names = [...trace.outputs.keys()];
  const simple = fuse(trace.graph, [...trace.outputs.values()], device);
  const fused = device.padsProducts ? padProducts(trace.graph, simple) : simple;
  const values = new Map(names.map((name, i) => [name, fused[i]]));
  print?.(printGraph(values));
  const flow = device.keepsState
    ? deviceFlow(state, device)
    : hostFlow(state, device, { outputs: values, writable: writableInPlace(values, trace.changed) });
  const model = writeOnnx(values, { mapsFiles: device.weightFolder !== undefined, sequence: flow.sequence });
  const compileStart = performance.now();
  const session = await openSession(model.bytes, device, { packs, onDevice: device.keepsState ? trace.changed : [] });
  const stats = { nodes: model.nodes, traceMs: compileStart - traceStart, compileMs: performance.now() - compileStart };
  const read = new Set(model.inputs);
  const outputs = names.filter((name) => !name.startsWith('next/'));
  const specs = mapValues(inputs, ({ shape, dtype = 'float32' }) => ({ shape, dtype }));

  return {
    stats,
    async run(batch, noiseSeed) {
      const tensor = (dtype: 'float32' | 'int32', data: TensorData, shape: readonly number[]) =>
        new device.runtime.Tensor(dtype, data, shape);
      const feeds: Record<string, Tensor> = {};
      for (const [name, { dtype, shape }] of Object.entries(specs)) {
        if (read.has(`in/${name}`))
          feeds[`in/${name}`] = tensor(dtype, checkedInput(name, batch[name], dtype, shape), shape);
      }
      for (const [name, value] of Object.entries(await flow.tensors()))
        if (read.has(`state/${name}`)) feeds[`state/${name}`] = value;
      if (trace.noise.length > 0) {
        const draw = noiseWords(noiseSeed);
        trace.noise.forEach((n, i) => {
          const words = draw(n);
          if (read.has(`noise/${i}`)) feeds[`noise/${i}`] = tensor('int32', words, [n]);
        });
      }
      const fetches: Record<string, Tensor | null> = {};
      for (const name of outputs) fetches[name] = flow.output(name);
      for (const name of trace.changed) fetches[`next/${name}`] = flow.target(name);
      const results = await flow.run(session, feeds, fetches);
      for (const name of trace.changed) flow.take(name, results[`next/${name}`]);
      return Object.fromEntries(outputs.map((name) => [name, results[name].data as TensorData]));
    },
    async release() {
      await state.resident?.leave();
      await session.release();
    },
  };
}

interface SessionOptions {
  packs: boolean;
  /** State whose new value stays on the device. */
  onDevice: readonly string[];
}

async function openSession(bytes: Uint8Array, device: OnnxDevice, { packs, onDevice: kept }: SessionOptions) {
  const { weightFolder } = device;
  const settings = {
    ...(packs ? {} : { disable_prepacking: '1' }),
    use_device_allocator_for_initializers: '1', // puts packed weights into separate blocks, which can use huge pages
    ...(weightFolder === undefined ? {} : { model_external_initializers_file_folder_path: weightFolder }),
  };
  try {
    return await device.runtime.InferenceSession.create(bytes, {
      executionProviders: device.providers,
      graphOptimizationLevel: 'all',
      enableMemPattern: false, // a pattern holds a second copy of every activation: 0.5 GB for GPT-2 small, no faster
      ...(device.threads ? { intraOpNumThreads: device.threads } : {}),
      ...(kept.length ? { preferredOutputLocation: Object.fromEntries(kept.map((n) => [`next/${n}`, onDevice])) } : {}),
      extra: { session: settings },
    });
  } catch (error) {
    throw new PermafrostError('device', `${device.name} refuses the graph: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function compileEager(
  program: Program,
  { state, inputs, frozen }: Options,
  device: EagerDevice,
): Promise<BlockingStep> {
  if (!(await tf.setBackend(device.backend)))
    throw new PermafrostError('device', `The tfjs backend "${device.backend}" failed to start.`);
  const start = performance.now();
  const constants = mapValues(frozen, (value) => tf.keep(tf.tensor(value.read(), value.shape, value.dtype)));
  const specs = mapValues(inputs, ({ shape, dtype = 'float32' }) => ({ shape, dtype }));
  return {
    stats: { nodes: 0, traceMs: 0, compileMs: performance.now() - start },
    async run(batch, noiseSeed) {
      tf.setBackend(device.backend);
      return tf.tidy(() => {
        let draw: ((n: number) => Int32Array) | undefined;
        const noise: Noise = {
          words(n) {
            draw ??= noiseWords(noiseSeed);
            return tf.tensor1d(draw(n), 'int32');
          },
        };
        const result = program({
          state: mapValues(state.specs, ({ shape, dtype }, name) => tf.tensor(state.get(name), shape, dtype)),
          inputs: mapValues(specs, ({ shape, dtype }, name) =>
            tf.tensor(checkedInput(name, batch[name], dtype, shape), shape, dtype),
          ),
          frozen: constants,
          noise,
        });
        for (const [name, value] of Object.entries(result.state ?? {})) state.set(name, value.dataSync() as TensorData);
        return mapValues(result.outputs, (value) => value.dataSync() as TensorData);
      });
    },
    async release() {
      tf.dispose(constants);
    },
  };
}
