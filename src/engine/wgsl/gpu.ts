/** Types of the parts of WebGPU that we use, so that the engine does not depend on a runtime's types. The GPUDevice of a browser or of Dawn fits. */

export interface Gpu {
  readonly limits: {
    readonly maxStorageBufferBindingSize: number;
    readonly maxStorageBuffersPerShaderStage: number;
    readonly maxComputeWorkgroupStorageSize: number;
  };
  /** Settles when the GPU is lost. */
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>): void;
    submit(commands: readonly object[]): void;
    onSubmittedWorkDone(): Promise<unknown>;
  };
  createBuffer(descriptor: { label?: string; size: number; usage: number }): GpuBuffer;
  createShaderModule(descriptor: { label?: string; code: string }): object;
  createBindGroupLayout(descriptor: { entries: readonly LayoutEntry[] }): object;
  createPipelineLayout(descriptor: { bindGroupLayouts: readonly object[] }): object;
  createBindGroup(descriptor: { layout: object; entries: readonly GroupEntry[] }): object;
  createComputePipelineAsync(descriptor: {
    label?: string;
    layout: object;
    compute: { module: object; entryPoint: string };
  }): Promise<object>;
  createCommandEncoder(): CommandEncoder;
  pushErrorScope(filter: 'out-of-memory' | 'validation'): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

export interface GpuBuffer {
  mapAsync(mode: number, offset?: number, size?: number): Promise<unknown>;
  getMappedRange(offset?: number, size?: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

export interface LayoutEntry {
  binding: number;
  visibility: number;
  buffer: {
    type: 'uniform' | 'storage' | 'read-only-storage';
    hasDynamicOffset?: boolean;
    minBindingSize?: number;
  };
}

interface GroupEntry {
  binding: number;
  resource: { buffer: GpuBuffer; size?: number };
}

export interface CommandEncoder {
  beginComputePass(): ComputePass;
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void;
  finish(): object;
}

interface ComputePass {
  setPipeline(pipeline: object): void;
  setBindGroup(index: number, group: object, offsets: readonly number[]): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
  end(): void;
}

/** Bits of GPUBufferUsage, GPUMapMode and GPUShaderStage, which are globals only in browsers. */
export const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
export const mapForReading = 0x1;
export const computeStage = 0x4;
