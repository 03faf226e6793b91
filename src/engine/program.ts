/**
 * A program is an ordinary TensorFlow.js function from tensors to tensors. It holds no state of its own: it receives
 * the values that change from step to step as `state`, and returns their new values as `state`.
 */
import type { Tensor } from '@tensorflow/tfjs-core';

export type DType = 'float32' | 'int32';
export type TensorData = Float32Array | Int32Array;
export interface Spec {
  shape: number[];
  /** Default `float32`. */
  dtype?: DType;
}
export type Tensors = Record<string, Tensor>;

/** Random words for dropout masks. They differ at every step, depend only on the seed given to `run`, and are the same on every device. */
export interface Noise {
  /** A new int32 tensor [n] of uniform 32-bit words. */
  words(n: number): Tensor;
}

export interface ProgramArgs {
  /** Values that the program may change: parameters, optimizer slots. */
  state: Tensors;
  /** Values that are fed at every step. */
  inputs: Tensors;
  /** Values that never change. */
  frozen: Tensors;
  noise: Noise;
}
export interface ProgramResult {
  outputs: Tensors;
  /** New values of the state that changes; the rest keeps its value. */
  state?: Tensors;
}
export type Program = (args: ProgramArgs) => ProgramResult;

/** A value that never changes: bytes in a file that the runtime maps, or data in memory. */
export interface Frozen extends Spec {
  /** The file `name` in the device's weight folder that holds the bytes: little-endian, C order. */
  file?: { name: string; offset: number; length: number };
  /** Reads the values; called only if the runtime cannot map the file. */
  read(): TensorData;
}

/** The mutable values that compiled steps share, by name. Arrays are live: read them between steps, never during one. */
export interface State {
  readonly specs: Readonly<Record<string, Required<Spec>>>;
  /** Copies values that are still in a device's memory to the host. Call it after a step and before `get`. */
  settle(): Promise<void>;
  get(name: string): TensorData;
  /** Copies `data` into the state. Throws if its length does not match the spec. */
  set(name: string, data: TensorData): void;
  /** Frees the device's memory. Values that `settle` has not copied back are lost. */
  release(): Promise<void>;
}

/** A step that may still be computing. */
export interface StartedStep {
  /** The outputs are on the host already, so reading them costs nothing. */
  readonly isDone: boolean;
  /** Brings the outputs to the host, by name (fresh arrays). Throws `device` when the GPU fails meanwhile. */
  outputs(): Promise<Record<string, TensorData>>;
}

export interface CompiledStep {
  /**
   * Starts once: reads and updates the shared state. On a GPU it does not wait for the end, so that the host prepares the next
   * step meanwhile; of these few are in flight, and more wait here.
   */
  start(batch: Record<string, TensorData>, noiseSeed?: readonly [seed: number, step: number]): Promise<StartedStep>;
  /** Starts once and reads the outputs. */
  run(
    batch: Record<string, TensorData>,
    noiseSeed?: readonly [seed: number, step: number],
  ): Promise<Record<string, TensorData>>;
  release(): Promise<void>;
  readonly stats: { nodes: number; traceMs: number; compileMs: number };
}
