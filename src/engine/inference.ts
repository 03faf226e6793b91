/**
 * Writes a stateless program as an ONNX model for any runtime: with standard operators only, and for any batch size where
 * possible.
 */
import { freeBatch } from './freeBatch.ts';
import { fuse } from './fuse.ts';
import { type OnnxModel, type OnnxOptions, writeOnnx } from './onnx.ts';
import type { Frozen, Program, Spec } from './program.ts';
import { type Trace, traceProgram } from './trace.ts';

export interface InferenceOptions extends Omit<OnnxOptions, 'rename' | 'freeBatch'> {
  /** Specs of the inputs at a batch size. The batch is the first axis of each input. */
  inputs(batch: number): Record<string, Spec>;
  frozen: Record<string, Frozen>;
  /** Batch size of the model if it cannot be free. */
  batch: number;
}

export interface InferenceModel extends OnnxModel {
  /** The fixed batch size; null if the model takes any. */
  batch: number | null;
}

/** Two batch sizes that the model's own dimensions are unlikely to equal. */
const sizes = [11, 13] as const;

/** The model of a program. Inputs, outputs and frozen values have the same names in the file as in the program. */
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
