/** The mutable values of a run, by name. The steps of a run share them. */
import { PermafrostError } from '#contract/errors';
import { sizeOf } from './graph.ts';
import type { DType, Spec, State, TensorData } from './program.ts';

/** State in the memory of a device. */
export interface Resident {
  /** Call this after the host has written the value of `name`. */
  changed(name: string): void;
  /** Whether only the device has the current value of `name`. */
  isNewer(name: string): boolean;
  /** Copies values that only the device has into the host's arrays. */
  fetch(): Promise<void>;
  /** Copies everything back and frees it on the device, so that the state can be used elsewhere. */
  leave(): Promise<void>;
  release(): Promise<void>;
}

export interface Initial extends Spec {
  data: TensorData;
}

const makeData = (dtype: DType, size: number): TensorData =>
  dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);

/** Makes a state from initial values and takes ownership of their arrays. Throws if data and shape disagree. */
export function createState(initial: Record<string, Initial>): State & {
  /** The buffer for the next value of `name`. */
  next(name: string): TensorData;
  /** Makes the buffer given by `next` the current value. */
  advance(name: string): void;
  /** The host's array, which may be out of date. */
  live(name: string): TensorData;
  /** The copy on the device; null while no step keeps state there. */
  resident: Resident | null;
} {
  const specs: Record<string, Required<Spec>> = {};
  const buffers = new Map<string, { current: TensorData; next: TensorData | null }>();
  const at = (name: string) => {
    const found = buffers.get(name);
    if (!found) throw new Error(`internal: there is no state "${name}"`);
    return found;
  };
  const check = (name: string, data: TensorData) => {
    const { shape, dtype } = specs[name];
    if (data.length === sizeOf(shape)) return;
    throw new PermafrostError(
      'weights',
      `${name} is ${dtype} [${shape}]: expected ${sizeOf(shape)} values, found ${data.length}.`,
    );
  };
  for (const [name, { shape, dtype = 'float32', data }] of Object.entries(initial)) {
    specs[name] = { shape, dtype };
    check(name, data);
    buffers.set(name, { current: data, next: null });
  }
  return {
    specs,
    resident: null,
    live: (name) => at(name).current,
    get(name) {
      if (this.resident?.isNewer(name))
        throw new Error(`internal: the newest value of "${name}" is on the device; call settle() first`);
      return at(name).current;
    },
    async settle() {
      await this.resident?.fetch();
    },
    async release() {
      await this.resident?.release();
      this.resident = null;
    },
    set(name, data) {
      check(name, data);
      at(name).current.set(data);
      this.resident?.changed(name);
    },
    next(name) {
      const buffer = at(name);
      buffer.next ??= makeData(specs[name].dtype, buffer.current.length);
      return buffer.next;
    },
    advance(name) {
      const buffer = at(name);
      if (!buffer.next) throw new Error(`internal: nothing was written to state "${name}"`);
      [buffer.current, buffer.next] = [buffer.next, buffer.current];
    },
  };
}
export type SharedState = ReturnType<typeof createState>;
