/** A program without state as an ONNX model that any runtime runs: operators of the standard only, any batch size where possible. */
import { freeBatch } from './freeBatch.ts';
import { fuse } from './fuse.ts';
import { type OnnxModel, type OnnxOptions, writeOnnx } from './onnx.ts';
import type { Frozen, Program, Spec } from './program.ts';
import { type Trace, traceProgram } from './trace.ts';

export interface InferenceOptions extends Omit<OnnxOptions, 'rename' | 'freeBatch'> {
  /** Specs of the inputs for a batch size, which is the first axis of each. */
  inputs(batch: number): Record<string, Spec>;
  frozen: Record<string, Frozen>;
  /** Batch size of the model where it cannot be free. */
  batch: number;
}

export interface InferenceModel extends OnnxModel {
  /** Null: any. */
  batch: number | null;
}

/** Two sizes that a model's own dimensions are unlikely to have. */
const sizes = [11, 13] as const;

/** Names of inputs, outputs and values in the file are those of the program. */
export function inferenceModel(
  program: Program,
  { inputs, frozen, batch, ...options }: InferenceOptions,
): InferenceModel {
  const traced = (size: number) => {
    const trace = traceProgram(program, { state: {}, inputs: inputs(size), frozen });
    return {
      trace,
      batch: size,
      outputs: fuse(trace.graph, [...trace.outputs.values()], { fusedMatMul: false, standard: true }),
    };
  };
  const [one, other] = sizes.map(traced);
  const [first] = Object.keys(inputs(1));
  const free = freeBatch(one.trace.graph, one, other, `in/${first}`);
  const fixed = free ? null : traced(batch);
  const named = ({ outputs }: Trace, values: readonly (typeof one.outputs)[number][]) =>
    new Map([...outputs.keys()].map((name, i) => [name, values[i]]));
  const rename = (name: string) => name.replace(/^(in|frozen)\//, '');
  const outputs = fixed ? named(fixed.trace, fixed.outputs) : named(one.trace, free!);
  return { ...writeOnnx(outputs, { ...options, rename, freeBatch: free !== null }), batch: fixed && batch };
}
