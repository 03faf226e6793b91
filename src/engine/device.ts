/** The devices that a step can run on. Other rooms load a runtime and make a device of it; the engine only uses devices. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Gpu } from './wgsl/gpu.ts';
import type { MatrixUnit } from './wgsl/matrixProducts.ts';
import type { TileMemory } from './wgsl/products.ts';

/** ONNX Runtime, injected: `onnxruntime-node` and `onnxruntime-web` both fit. */
export interface OnnxDevice {
  kind: 'onnx';
  /** Display name, e.g. `cpu (ONNX Runtime, 2 threads)`. */
  name: string;
  runtime: { InferenceSession: typeof InferenceSession; Tensor: typeof Tensor };
  /** Execution providers in order of preference, e.g. `['cpu']`. */
  providers: InferenceSession.ExecutionProviderConfig[];
  /** If 0 or absent, the runtime decides. */
  threads?: number;
  /** Folder of the files that hold frozen weights. If absent, the runtime cannot map files and weights are written inline. */
  weightFolder?: string;
  /** The provider can keep values in its memory, so state stays there between steps. */
  keepsState?: boolean;
  /** Matrix products are slow if rows are a multiple of 4096 bytes apart. */
  padsProducts?: boolean;
  /** The provider has com.microsoft.FusedMatMul. */
  fusedMatMul: boolean;
}

/** A tfjs backend that computes each operation as the program calls it. */
export interface EagerDevice {
  kind: 'eager';
  name: string;
  /** Name of a registered tfjs backend, e.g. `cpu` or `tensorflow`. */
  backend: string;
}

/** A GPU that runs our own kernels. */
export interface WgslDevice {
  kind: 'wgsl';
  name: string;
  gpu: Gpu;
  /** The fastest tile sizes of matrix products on this GPU. If absent, none are tried. */
  tiles?: TileMemory;
  /** Matrix units that compute products of 16-bit floats. If absent, products are computed in 32-bit floats. */
  unit?: MatrixUnit;
  /** Opens the device for steps with an operator that has no WGSL kernel. `why` is a sentence. Throws `device` if there is none. */
  fallback(why: string): Promise<OnnxDevice>;
  /** Shows a message to the user. */
  say(line: string): void;
}

export type Device = OnnxDevice | EagerDevice | WgslDevice;
