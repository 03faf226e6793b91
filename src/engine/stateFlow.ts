/** How a session of ONNX Runtime receives the state of a run and returns the new one. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { OnnxDevice } from './device.ts';
import { sizeOf, type Value } from './graph.ts';
import { mapValues } from './mapValues.ts';
import { filled } from './onnx.ts';
import type { TensorData } from './program.ts';
import { type OnnxState, onnxState } from './resident.ts';
import type { SharedState } from './state.ts';

type Tensors = Readonly<Record<string, Tensor>>;
type Fetches = Readonly<Record<string, Tensor | null>>;

/** Passes state into a session and takes the new state out of it. */
export interface StateFlow {
  tensors(): Promise<Tensors>;
  /** The tensor that the session writes the output to; null: the session allocates one. */
  output(name: string): Tensor | null;
  /** The same for new state. */
  target(name: string): Tensor | null;
  run(session: InferenceSession, feeds: Tensors, fetches: Fetches): Promise<Tensors>;
  take(name: string, value: Tensor): void;
  /** See {@link writeOnnx}. */
  sequence?: string;
}

interface HostFlowOptions {
  outputs: ReadonlyMap<string, Value>;
  /** State that a step may overwrite while it runs. */
  writable: readonly string[];
}

/**
 * Keeps state in the host's memory. The session writes new values over the old ones where that is safe.
 *
 * Afterwards onnxruntime-node would copy every output into a new array, also those that were written to memory of ours: 1 GB per step
 * of GPT-2 small. It ends with an error at the first output that it has no JavaScript form for, so a sequence comes first.
 */
export function hostFlow(
  state: SharedState,
  { runtime }: OnnxDevice,
  { outputs, writable }: HostFlowOptions,
): StateFlow {
  const sequence = 'unread';
  const inPlace = new Set(writable);
  const tensorOn = (name: string, data: TensorData) => {
    const { dtype, shape } = state.specs[name];
    return new runtime.Tensor(dtype, data, shape);
  };
  return {
    async tensors() {
      await state.resident?.leave();
      state.resident = null;
      return mapValues(state.specs, (_, name) => tensorOn(name, state.get(name)));
    },
    output(name) {
      const { dtype, shape } = outputs.get(name)!;
      return new runtime.Tensor(dtype, filled[dtype](sizeOf(shape), 0), shape);
    },
    target: (name) => tensorOn(name, inPlace.has(name) ? state.get(name) : state.next(name)),
    async run(session, feeds, fetches) {
      try {
        await session.run(feeds, { [sequence]: null, ...fetches });
      } catch (error) {
        if (!/^Non tensor type/.test((error as Error).message)) throw error;
      }
      return fetches as Tensors;
    },
    sequence,
    take(name) {
      if (!inPlace.has(name)) state.advance(name);
    },
  };
}

/** Keeps state in the device's memory between steps. */
export function deviceFlow(state: SharedState, device: OnnxDevice): StateFlow {
  const resident = async (): Promise<OnnxState> => {
    if (state.resident && 'tensors' in state.resident) return state.resident as OnnxState;
    await state.resident?.leave();
    const made = onnxState(state.specs, state.live, device);
    state.resident = made;
    return made;
  };
  return {
    tensors: async () => (await resident()).tensors(),
    output: () => null,
    target: () => null,
    run: (session, feeds, fetches) => session.run(feeds, fetches),
    take: (name, value) => (state.resident as OnnxState).replace(name, value),
  };
}
