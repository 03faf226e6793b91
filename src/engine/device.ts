/** Where a step runs. Rooms with a runtime of their own make devices; the engine only uses them. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Gpu } from './wgsl/gpu.ts';
import type { TileMemory } from './wgsl/products.ts';

/** ONNX Runtime, injected: `onnxruntime-node` and `onnxruntime-web` both fit. */
export interface OnnxDevice {
  kind: 'onnx';
  /** For people, e.g. `cpu (ONNX Runtime, 2 threads)`. */
  name: string;
  runtime: { InferenceSession: typeof InferenceSession; Tensor: typeof Tensor };
  /** Execution providers in order of preference, e.g. `['cpu']`. */
  providers: InferenceSession.ExecutionProviderConfig[];
  /** 0 or absent: the runtime decides. */
  threads?: number;
  /** Folder of the files that frozen weights name; absent: the runtime cannot map files and weights are written inline. */
  weightFolder?: string;
  /** The provider can keep values in its memory, so that state stays there between steps. */
  keepsState?: boolean;
  /** Its products are slow on rows that lie a multiple of 4096 bytes apart. */
  padsProducts?: boolean;
  /** The provider has com.microsoft.FusedMatMul. */
  fusedMatMul: boolean;
}

/** A tfjs backend that computes as the program goes. */
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
  /** Tiles of products that were fastest on this GPU; absent: none is tried. */
  tiles?: TileMemory;
  /** Runs steps with an operator that has no WGSL. */
  fallback(): Promise<OnnxDevice>;
  /** Told what people should know. */
  say(line: string): void;
}

export type Device = OnnxDevice | EagerDevice | WgslDevice;
