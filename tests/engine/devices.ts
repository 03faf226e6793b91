/** Devices that tests run programs on. */
import '@tensorflow/tfjs-backend-cpu';
import * as ort from 'onnxruntime-node';
import type { Device, EagerDevice, OnnxDevice } from '#engine/device';

export const tracedCpu: OnnxDevice = {
  kind: 'onnx',
  name: 'traced cpu',
  runtime: ort,
  providers: ['cpu'],
  threads: 1,
  padsProducts: true,
  fusedMatMul: true,
};
export const tracedWebgpu: OnnxDevice = {
  kind: 'onnx',
  name: 'traced webgpu',
  runtime: ort,
  providers: ['webgpu'],
  keepsState: true,
  fusedMatMul: false,
};
export const eagerCpu: EagerDevice = { kind: 'eager', name: 'eager cpu', backend: 'cpu' };
export const devices: Device[] = [tracedCpu, eagerCpu];

/** Largest absolute difference, relative to the largest expected magnitude. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(found[i] - expected[i]);
    worst = Math.max(worst, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return worst / largest;
}
