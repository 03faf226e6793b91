/** Runs a program once on the recording backend and returns its graph. */
import * as tf from '@tensorflow/tfjs-core';
import { PermafrostError } from '#contract/errors';
import { Tracer, tracerName } from './backend.ts';
import { Graph, sameShape, type Value } from './graph.ts';
import { registerLowerings } from './kernels.ts';
import { mapValues } from './mapValues.ts';
import type { Frozen, Noise, Program, Spec, Tensors } from './program.ts';

export interface Trace {
  graph: Graph;
  /** Outputs of the program by name, and new state under `next/<name>`. */
  outputs: Map<string, Value>;
  /** State that the program changes. */
  changed: string[];
  /** How many random words each draw takes, in order. Draw i is fed as `noise/<i>`. */
  noise: number[];
}

export interface TraceOptions {
  state: Readonly<Record<string, Required<Spec>>>;
  inputs: Record<string, Spec>;
  frozen: Record<string, Frozen>;
}

let tracer: Tracer | undefined;

/** Traces a program. Throws `trace` if it cannot be recorded. Synchronous, so that nothing else uses the backend meanwhile. */
export function traceProgram(program: Program, { state, inputs, frozen }: TraceOptions): Trace {
  if (!tracer) {
    tracer = new Tracer();
    const made = tracer;
    tf.registerBackend(tracerName, () => made, 0);
    registerLowerings();
  }
  const recorder = tracer;
  const before = tf.engine().backendName; // empty when no backend was ever used
  const graph = new Graph();
  recorder.graph = graph;
  tf.setBackend(tracerName);
  try {
    const noise: number[] = [];
    const outputs = new Map<string, Value>();
    const changed: string[] = [];
    tf.tidy(() => {
      const place = (prefix: string, specs: Record<string, Spec>): Tensors =>
        mapValues(specs, ({ shape, dtype = 'float32' }, name) =>
          recorder.tensor(graph.input(`${prefix}/${name}`, shape, dtype)),
        );
      const words: Noise = {
        words(n) {
          noise.push(n);
          return recorder.tensor(graph.input(`noise/${noise.length - 1}`, [n], 'int32'));
        },
      };
      const result = program({
        state: place('state', state),
        inputs: place('in', inputs),
        frozen: mapValues(frozen, (value, name) =>
          recorder.tensor(
            graph.value(value.shape, value.dtype ?? 'float32', {
              kind: 'frozen',
              name: `frozen/${name}`,
              frozen: value,
            }),
          ),
        ),
        noise: words,
      });
      for (const [name, tensor] of Object.entries(result.outputs))
        outputs.set(name, readable(graph, recorder.recorded(tensor)));
      for (const [name, tensor] of Object.entries(result.state ?? {})) {
        const value = checkState(name, recorder.recorded(tensor), state);
        if (value.source.kind === 'input' && value.source.name === `state/${name}`) continue; // unchanged
        changed.push(name);
        outputs.set(`next/${name}`, value);
      }
    });
    return { graph, outputs, changed, noise };
  } finally {
    if (before) tf.setBackend(before);
  }
}

/** Outputs are float32 or int32: bool becomes int32. */
const readable = (g: Graph, v: Value): Value => (v.dtype === 'bool' ? g.cast(v, 'int32') : v);

function checkState(name: string, value: Value, state: TraceOptions['state']): Value {
  const spec = state[name];
  if (!spec)
    throw new PermafrostError(
      'trace',
      `The program returns the state "${name}", which is not declared. Declared: ${Object.keys(state).join(', ') || 'none'}.`,
    );
  if (!sameShape(value.shape, spec.shape) || value.dtype !== spec.dtype) {
    throw new PermafrostError(
      'trace',
      `State "${name}" is ${spec.dtype} [${spec.shape}], but the program returns ${value.dtype} [${value.shape}] for it.`,
    );
  }
  return value;
}
