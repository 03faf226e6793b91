/**
 * `node tests/engine/askCuda.ts`: asks ONNX Runtime's CUDA provider which operators of our graphs it takes, and writes
 * tests/fixtures/cudaKernels.json. It needs device cuda to work, or a stand-in of the CUDA runtime that answers every call
 * with success, since nodes are placed when a session opens and none is run. Run it when onnxruntime-node changes.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { defaultHome } from '#app/home';
import { fuse } from '#engine/fuse';
import { writeOnnx } from '#engine/onnx';
import { traceProgram } from '#engine/trace';
import { cudaVersion } from '#trainer/cudaLibraries';
import { runtimeEnvironment } from '#trainer/environment';
import { type EmittedGraph, emittedGraphs, operatorsOf } from './emittedGraphs.ts';
import { inputsOf, kernelCases, programOf } from './kernelCases.ts';

const self = fileURLToPath(import.meta.url);
const mark = '@@operators ';

/** The graphs of models, and those of the tests of every kernel. */
function* graphs(): Generator<EmittedGraph> {
  yield* emittedGraphs();
  for (const [name, cases] of Object.entries(kernelCases))
    for (const [i, each] of cases.entries()) {
      const trace = traceProgram(programOf(each), { state: {}, inputs: inputsOf(name, each, i).inputs, frozen: {} });
      const fused = fuse(trace.graph, [...trace.outputs.values()], { fusedMatMul: true });
      yield { name, outputs: new Map([...trace.outputs.keys()].map((output, k) => [output, fused[k]])) };
    }
}

/** Opens a session for each graph with something new in it; the runtime logs on standard error where it puts each node. */
async function openSessions(): Promise<void> {
  const { InferenceSession } = await import('onnxruntime-node');
  const seen = new Set<string>();
  for (const graph of graphs()) {
    const operators = operatorsOf(graph);
    if ([...operators.values()].every((operator) => seen.has(operator))) continue;
    for (const operator of operators.values()) seen.add(operator);
    console.error(`${mark}${JSON.stringify([...operators])}`);
    const session = await InferenceSession.create(writeOnnx(graph.outputs, { mapsFiles: false }).bytes, {
      executionProviders: ['cuda'],
      graphOptimizationLevel: 'disabled', // nodes keep their names
      logSeverityLevel: 0,
    });
    await session.release();
  }
}

/** The provider of each operator, from the log. */
function readPlacements(log: string): Map<string, string> {
  const found = new Map<string, string>();
  let operators = new Map<string, string>();
  let provider = '';
  for (const line of stripVTControlCharacters(log).split('\n')) {
    if (line.startsWith(mark)) operators = new Map(JSON.parse(line.slice(mark.length)));
    const [, all] = /All nodes placed on \[(\w+)\]/.exec(line) ?? [];
    if (all) for (const operator of operators.values()) found.set(operator, all);
    provider = /Node\(s\) placed on \[(\w+)\]/.exec(line)?.[1] ?? provider;
    const operator = operators.get(/VerifyEachNodeIsAssignedToAnEp\]\s+\S+ \((\S+)\)$/.exec(line)?.[1] ?? '');
    if (operator) found.set(operator, provider);
  }
  return found;
}

if (process.argv[2] === 'sessions') {
  await openSessions();
  process.exit(0);
}
const environment = runtimeEnvironment(process.env, defaultHome());
const { status, stderr } = spawnSync(process.execPath, [self, 'sessions'], {
  env: environment,
  encoding: 'utf8',
  maxBuffer: 2 ** 30,
});
if (status !== 0) throw new Error(stderr.slice(-2000));
const placements = [...readPlacements(stderr)].sort(([a], [b]) => (a < b ? -1 : 1));
const on = (provider: string) => placements.filter(([, where]) => where === provider).map(([operator]) => operator);
const table = { onnxruntime: cudaVersion, cuda: on('CUDAExecutionProvider'), cpu: on('CPUExecutionProvider') };
writeFileSync(new URL('../fixtures/cudaKernels.json', import.meta.url), `${JSON.stringify(table, null, 2)}\n`);
