/**
 * State that stays in a device's memory between steps. Two graphs that return their inputs unchanged copy it there and back.
 * Tensors on a device cannot be overwritten, so each step makes new ones, and the old ones are freed at once.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { OnnxDevice } from './device.ts';
import { mapValues } from './mapValues.ts';
import { writeOnnx } from './onnx.ts';
import type { Spec, TensorData } from './program.ts';
import type { Resident } from './state.ts';
import { traceProgram } from './trace.ts';

/** The output location that keeps a tensor on the device. */
export const onDevice = 'gpu-buffer';

/** State as tensors of ONNX Runtime. */
export interface OnnxState extends Resident {
  /** All state as tensors on the device. Copies values that the host has changed there first. */
  tensors(): Promise<Readonly<Record<string, Tensor>>>;
  /** Replaces the value of `name` by a tensor on the device. */
  replace(name: string, tensor: Tensor): void;
}

/** `get` returns the host's array of a value, which is current until a step on the device changes it. */
export function onnxState(
  specs: Readonly<Record<string, Required<Spec>>>,
  get: (name: string) => TensorData,
  device: OnnxDevice,
): OnnxState {
  const names = Object.keys(specs);
  const tensors: Record<string, Tensor> = {};
  const newer = new Set<string>();
  const carriers: Partial<Record<'cpu' | typeof onDevice, Promise<InferenceSession>>> = {};

  const carry = async (to: 'cpu' | typeof onDevice) => {
    carriers[to] ??= device.runtime.InferenceSession.create(carrierOf(specs), {
      executionProviders: device.providers,
      preferredOutputLocation: to,
    });
    const session = await carriers[to];
    const feeds = mapValues(
      specs,
      ({ dtype, shape }, name) => tensors[name] ?? new device.runtime.Tensor(dtype, get(name), shape),
    );
    const carried = await session.run(prefixed(feeds, 'state/'), names.map(arrived));
    return Object.fromEntries(names.map((name) => [name, carried[arrived(name)]]));
  };
  const drop = (name: string) => {
    tensors[name]?.dispose();
    delete tensors[name];
    newer.delete(name);
  };
  const put = (name: string, tensor: Tensor) => {
    drop(name);
    tensors[name] = tensor;
  };

  const fetch = async () => {
    if (newer.size === 0) return;
    const fetched = await carry('cpu');
    for (const name of newer) get(name).set(fetched[name].data as TensorData);
    newer.clear();
  };
  const dropAll = () => {
    for (const name of names) drop(name);
  };

  return {
    async tensors() {
      if (names.some((name) => !tensors[name]))
        for (const [name, tensor] of Object.entries(await carry(onDevice))) put(name, tensor);
      return tensors;
    },
    replace(name, tensor) {
      put(name, tensor);
      newer.add(name);
    },
    changed: drop,
    isNewer: (name) => newer.has(name),
    fetch,
    async leave() {
      await fetch();
      dropAll();
    },
    async release() {
      dropAll();
      for (const carrier of Object.values(carriers)) await (await carrier).release();
    },
  };
}

const arrived = (name: string): string => `arrived/${name}`;
const prefixed = <T>(values: Record<string, T>, prefix: string): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/** A graph whose outputs are its inputs. */
const carrierOf = (specs: Readonly<Record<string, Required<Spec>>>): Uint8Array => {
  const { outputs } = traceProgram(({ state }) => ({ outputs: prefixed(state, 'arrived/') }), {
    state: specs,
    inputs: {},
    frozen: {},
  });
  return writeOnnx(outputs, { mapsFiles: false }).bytes;
};
