/** Every operator that our graphs ask for has a kernel on CUDA; what has none runs on the CPU, with copies there and back. */
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import known from '../fixtures/cudaKernels.json' with { type: 'json' };
import { emittedGraphs, operatorsOf } from './emittedGraphs.ts';

/** Operators of models that run on the CPU, and why. */
const accepted: Record<string, string> = {};

it('the table of CUDA kernels is that of the installed onnxruntime-node', () => {
  expect(known.onnxruntime, 'write it anew: node tests/engine/askCuda.ts').toBe(
    packageJson.dependencies['onnxruntime-node'],
  );
});

it('has kernels on CUDA for every operator of every program of every model, but those accepted on the CPU', () => {
  const onCuda = new Set(known.cuda);
  const elsewhere = new Map<string, string>();
  const models = new Set<string>();
  for (const graph of emittedGraphs()) {
    models.add(graph.name.split(' ')[0]);
    for (const operator of operatorsOf(graph).values())
      if (!onCuda.has(operator) && !elsewhere.has(operator)) elsewhere.set(operator, graph.name);
  }
  expect([...models]).toEqual(['gpt2', 'ViT-B_16', 'lstm', 'nac', 'mat', 'ast']);
  const reasons = Object.fromEntries(
    [...elsewhere].map(([operator, graph]) => [
      operator,
      accepted[operator] ??
        `${graph}: ${known.cpu.includes(operator) ? 'runs on the CPU' : 'not in cudaKernels.json, see askCuda.ts'}`,
    ]),
  );
  expect(reasons).toEqual(accepted);
});

it('the table tells operators with kernels from those without', () => {
  expect(known.cuda).toContain('Tile float32, int64 → float32');
  expect(known.cpu).toEqual(['Tile bool, int64 → bool']); // ONNX Runtime's Tile on CUDA knows no bool; no model asks for it
});
