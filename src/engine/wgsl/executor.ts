/** Runs a plan on a GPU. Buffers and pipelines are made once, so that a step is one write, one command buffer and one submit. */
import { PermafrostError } from '#contract/errors';
import type { StartedStep, TensorData } from '../program.ts';
import { type CommandEncoder, computeStage, type Gpu, type GpuBuffer, type LayoutEntry, usage } from './gpu.ts';
import { frozenBuffer, storageBuffer, upload } from './gpuMemory.ts';
import { type OutputSlot, outputSlots } from './outputSlots.ts';
import { blockNames, type Dispatch, type Plan, planBytes } from './plan.ts';

export interface Execution {
  /** Starts the step on inputs and noise by name, once few enough are in flight. */
  start(inputs: Readonly<Record<string, TensorData>>): Promise<StartedStep>;
  /** Milliseconds that all kernels take if they run `times` times in one submit, on whatever data is in memory. */
  time(times: number): Promise<number>;
  release(): Promise<void>;
}

/** Steps that the GPU may not have finished when the next one is submitted: it always has one to go on with. */
const mostInFlight = 2;

/** Pipelines of a device by their code. Layers and steps share them. */
const pipelines = new WeakMap<Gpu, Map<string, Promise<object>>>();

/** An error of the GPU outside any call; null if there was none. */
const failures = new WeakMap<Gpu, { message: string | null }>();

function failureOf(gpu: Gpu): { message: string | null } {
  const known = failures.get(gpu);
  if (known) return known;
  const failure: { message: string | null } = { message: null };
  failures.set(gpu, failure);
  gpu.lost.then(({ message }) => {
    failure.message ??= `The GPU is lost: ${message || 'its driver gave no reason'}`;
  });
  gpu.addEventListener('uncapturederror', ({ error }) => {
    failure.message ??= `The GPU reports an error: ${error.message}`;
  });
  return failure;
}

/** Uniforms lie this many bytes apart, which every adapter allows. */
const uniformStep = 256;
const uniformBytes = ({ parameters }: Dispatch): number => 16 * Math.ceil(parameters.length / 4);

/** Makes buffers and pipelines. `stateBuffer` returns the buffer of a block of state. Throws `device` if there is too little memory. */
export async function openExecution(
  gpu: Gpu,
  plan: Plan,
  stateBuffer: (block: string) => GpuBuffer,
): Promise<Execution> {
  const failure = failureOf(gpu);
  const released: (() => void)[] = [];
  const own = (buffer: GpuBuffer): GpuBuffer => {
    released.push(() => buffer.destroy());
    return buffer;
  };
  const release = () => {
    for (const each of released.splice(0)) each();
  };
  gpu.pushErrorScope('out-of-memory');
  gpu.pushErrorScope('validation');
  const make = async () => {
    const buffers = new Map<string, GpuBuffer>();
    for (const [name, words] of plan.blocks) buffers.set(name, own(storageBuffer(gpu, words, name)));
    for (const [name, frozen] of plan.frozen) {
      const held = frozenBuffer(gpu, name, frozen);
      released.push(held.release);
      buffers.set(name, held.buffer);
    }
    for (const { at, data, dtype } of plan.constants) {
      const words = dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data, Number);
      upload(gpu, buffers.get(at.block)!, at.offset, words);
    }
    if (plan.table.length > 0) upload(gpu, buffers.get(blockNames.table)!, 0, Int32Array.from(plan.table));
    const bufferOf = (block: string): GpuBuffer => buffers.get(block) ?? stateBuffer(block);

    const starts: number[] = [];
    let end = 0;
    for (const dispatch of plan.dispatches) {
      starts.push(end);
      end += uniformStep * Math.ceil(uniformBytes(dispatch) / uniformStep);
    }
    const uniform = own(
      gpu.createBuffer({ size: Math.max(end, uniformStep), usage: usage.uniform | usage.copyTarget }),
    );
    const words = new Int32Array(end / 4);
    plan.dispatches.forEach(({ parameters }, k) => {
      words.set(parameters, starts[k] / 4);
    });
    upload(gpu, uniform, 0, words);

    const binder = makeBinder(gpu, uniform, bufferOf);
    const steps = await Promise.all(
      plan.dispatches.map(async (dispatch, k) => {
        const { layout, group } = binder(dispatch);
        return { pipeline: await pipelineOf(gpu, dispatch, layout), group, start: starts[k], ...dispatch };
      }),
    );
    const outputBytes = 4 * (plan.blocks.get(blockNames.outputs) ?? 0);
    return {
      bufferOf,
      steps,
      slots: outputBytes > 0 ? outputSlots((of) => own(gpu.createBuffer(of)), outputBytes) : null,
      outputBytes,
    };
  };
  const made = await make().catch((error) => error as Error);
  const [invalid, short] = [await gpu.popErrorScope(), await gpu.popErrorScope()];
  if (short || invalid || made instanceof Error) {
    release();
    if (short)
      throw new PermafrostError(
        'device',
        `The GPU has not enough memory: the step takes ${Math.round(planBytes(plan) / 2 ** 20)} MB beside what is trained. Choose a smaller batch or model, or another device.`,
      );
    throw new PermafrostError('device', `The GPU refuses the step: ${invalid?.message ?? (made as Error).message}`, {
      cause: invalid ?? made,
    });
  }
  const { bufferOf, steps, slots, outputBytes } = made;
  const inFlight: Promise<unknown>[] = [];
  const staging = new Int32Array(plan.blocks.get(blockNames.inputs) ?? 0);
  const bytes = new Float32Array(staging.buffer);

  const dispatch = (encoder: CommandEncoder, times = 1): void => {
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++)
      for (const { pipeline, group, start, workgroups } of steps) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group, [start]);
        pass.dispatchWorkgroups(...workgroups);
      }
    pass.end();
  };

  const fails = (error: Error): null => {
    failure.message ??= `The GPU does not answer: ${error.message}`;
    return null;
  };
  const throwFailure = (): void => {
    if (!failure.message) return;
    const message = failure.message.trim().replace(/\.$/, '');
    throw new PermafrostError('device', `${message}. The run goes on from its last checkpoint when it is resumed.`);
  };
  const outputsOf = async (slot: OutputSlot | null, end: Promise<unknown>): Promise<Record<string, TensorData>> => {
    const read = await (slot ? slot.read().catch(fails) : end);
    throwFailure();
    if (!(read instanceof ArrayBuffer)) return {};
    return Object.fromEntries(
      [...plan.outputs].map(([name, { offset, size, dtype }]) => {
        const view = dtype === 'int32' ? Int32Array : Float32Array;
        return [name, new view(read, 4 * offset, size).slice()];
      }),
    );
  };

  return {
    async time(times) {
      const start = performance.now();
      const encoder = gpu.createCommandEncoder();
      dispatch(encoder, times);
      gpu.queue.submit([encoder.finish()]);
      await gpu.queue.onSubmittedWorkDone();
      return performance.now() - start;
    },
    async start(inputs) {
      while (inFlight.length >= mostInFlight) await inFlight.shift();
      const slot = (await slots?.take().catch(fails)) ?? null;
      throwFailure();
      for (const [name, { offset }] of plan.inputs) {
        const data = inputs[name];
        (data instanceof Int32Array ? staging : bytes).set(data, offset);
      }
      if (staging.length > 0) gpu.queue.writeBuffer(bufferOf(blockNames.inputs), 0, staging);
      const encoder = gpu.createCommandEncoder();
      dispatch(encoder);
      for (const { from, to } of plan.copies)
        encoder.copyBufferToBuffer(
          bufferOf(from.block),
          4 * from.offset,
          bufferOf(to.block),
          4 * to.offset,
          4 * from.size,
        );
      if (slot) encoder.copyBufferToBuffer(bufferOf(blockNames.outputs), 0, slot.buffer, slot.start, outputBytes);
      gpu.queue.submit([encoder.finish()]);
      const end = gpu.queue.onSubmittedWorkDone().catch(fails);
      inFlight.push(end);
      return { isDone: false, outputs: () => outputsOf(slot, end) };
    },
    async release() {
      await Promise.all([...inFlight, slots?.empty()]);
      release();
    },
  };
}

/** Bind groups, shared by the kernels that use the same buffers in the same way. */
function makeBinder(gpu: Gpu, uniform: GpuBuffer, bufferOf: (block: string) => GpuBuffer) {
  const layouts = new Map<string, object>();
  const groups = new Map<string, object>();
  return (dispatch: Dispatch): { layout: object; group: object } => {
    const size = uniformBytes(dispatch);
    const { blocks } = dispatch;
    const kind = `${size} ${blocks.map(({ writes }) => writes)}`;
    const layout =
      layouts.get(kind) ??
      gpu.createBindGroupLayout({
        entries: [
          {
            binding: 0,
            visibility: computeStage,
            buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: size },
          },
          ...blocks.map(
            ({ writes }, k): LayoutEntry => ({
              binding: k + 1,
              visibility: computeStage,
              buffer: { type: writes ? 'storage' : 'read-only-storage' },
            }),
          ),
        ],
      });
    layouts.set(kind, layout);
    const key = `${kind} ${blocks.map(({ block }) => block)}`;
    const group =
      groups.get(key) ??
      gpu.createBindGroup({
        layout,
        entries: [
          { binding: 0, resource: { buffer: uniform, size } },
          ...blocks.map(({ block }, k) => ({ binding: k + 1, resource: { buffer: bufferOf(block) } })),
        ],
      });
    groups.set(key, group);
    return { layout, group };
  };
}
function pipelineOf(gpu: Gpu, { label, code }: Dispatch, layout: object): Promise<object> {
  const known = pipelines.get(gpu) ?? new Map<string, Promise<object>>();
  pipelines.set(gpu, known);
  const found = known.get(code);
  if (found) return found;
  const module = gpu.createShaderModule({ label, code });
  const made = gpu.createComputePipelineAsync({
    label,
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  known.set(code, made);
  return made;
}
