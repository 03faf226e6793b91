/**
 * Matrix products on a GPU's matrix units, which WGSL reaches as subgroup matrices. Both operands are rounded to 16-bit floats in
 * shared memory, and sums are kept in 32 bits.
 */
import { sizeOf } from '../graph.ts';
import type { Group } from './groups.ts';
import { type Kernel, type KernelContext, KernelWriter } from './kernelWriter.ts';
import {
  defineFinish,
  fill,
  fp32,
  labelOf,
  operandOf,
  type ProductForm,
  type ProductShape,
  productOf,
  type Strip,
  shapeOfProduct,
  type Tile,
  tile,
} from './products.ts';

/** The shape of a subgroup matrix product, m × k times k × n, and the threads of a subgroup. */
export interface MatrixUnit {
  m: number;
  n: number;
  k: number;
  lanes: number;
}

/** Largest first. */
const tiles: readonly Tile[] = [
  tile(128, 128, 32, 64, 32),
  tile(128, 64, 32, 32, 32),
  tile(64, 64, 32, 32, 32),
  tile(32, 64, 32, 16, 32),
  tile(32, 32, 32, 16, 16),
];
const mostThreads = 256; // of a workgroup, as WebGPU guarantees
const largestHalf = 65504;
/** Added to the rows of strips, so that they start in different banks. */
const skew = 8;

const subgroupsOf = ({ rows, columns, threadRows, threadColumns }: Tile): number =>
  (rows / threadRows) * (columns / threadColumns);

/** Products on matrix units. */
const onMatrices = (unit: MatrixUnit): ProductForm => ({
  name: ' f16',
  tilesWithin: (shared) =>
    tiles.filter((each) => {
      const { rows, columns, depth } = each;
      const staged = 4 * unit.m * unit.n * subgroupsOf(each);
      const strips = 2 * depth * (rows + columns + 2 * skew);
      return strips + staged <= shared && subgroupsOf(each) * unit.lanes <= mostThreads;
    }),
  kernel: (group, context, chosen) => matrixKernel(group, context, chosen, unit),
});

/** How a product is computed: with 32-bit floats if there is no unit, or if it is too small for one. */
export const productFormOf = ({ m, n, k }: ProductShape, unit: MatrixUnit | undefined): ProductForm =>
  unit && m >= unit.m && n >= unit.n && k >= unit.k ? onMatrices(unit) : fp32;

function matrixKernel(group: Group, context: KernelContext, chosen: Tile, unit: MatrixUnit): Kernel {
  const node = productOf(group);
  const [output] = node.outputs;
  const [a, b] = node.inputs;
  const { m, n, k } = shapeOfProduct(group);
  const { rows, columns, depth, threadRows, threadColumns } = chosen;
  const { lanes } = unit;
  const threads = subgroupsOf(chosen) * lanes;
  const across = columns / threadColumns;
  const batches = output.shape.slice(0, -2);
  const [strideA, strideB] = [rows + skew, columns + skew];
  const w = new KernelWriter(context, new Set(group.roots));
  const left = operandOf(w, context, a, 'a', Boolean(node.attributes.transA), { outer: m, k, batches });
  const right = operandOf(w, context, b, 'b', !node.attributes.transB, { outer: n, k, batches });

  w.enable('enable f16;');
  w.enable('enable chromium_experimental_subgroup_matrix;');
  w.enable('diagnostic(off, chromium.subgroup_matrix_uniformity);');
  w.declare(`var<workgroup> strip_a: array<f16, ${depth * strideA}>;`);
  w.declare(`var<workgroup> strip_b: array<f16, ${depth * strideB}>;`);
  w.declare(`var<workgroup> staged: array<f32, ${subgroupsOf(chosen) * unit.m * unit.n}>;`);
  // NaN and infinity pass, so that a run that diverges shows it; compilers may take x != x for false, so the exponent tells
  w.declare(
    [
      'fn half(x: f32) -> f16 {',
      '  let isFinite = (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;',
      `  return f16(select(x, clamp(x, -${largestHalf}.0, ${largestHalf}.0), isFinite));`,
      '}',
    ].join('\n'),
  );
  defineFinish(w, group);
  w.define('fn drain(z: u32, row0: u32, column0: u32, lane: u32, place: u32)', () => {
    w.inside(`for (var q = lane; q < ${unit.m * unit.n}u; q += ${lanes}u)`, () => {
      w.line(`let row = row0 + q / ${unit.n}u;`);
      w.line(`let column = column0 + q % ${unit.n}u;`);
      w.inside(`if (row < ${m}u && column < ${n}u)`, () => {
        w.line(`finish((z * ${m}u + row) * ${n}u + column, staged[place + q]);`);
      });
    });
  });

  w.line('let z = wid.z;');
  w.line(`let m0 = wid.y * ${rows}u;`);
  w.line(`let n0 = wid.x * ${columns}u;`);
  w.line(`let lane = lid % ${lanes}u;`);
  w.line(`let subgroup = lid / ${lanes}u;`);
  w.line(`let row0 = subgroup / ${across}u * ${threadRows}u;`);
  w.line(`let column0 = subgroup % ${across}u * ${threadColumns}u;`);
  left.prepare();
  right.prepare();
  const down = Array.from({ length: threadRows / unit.m }, (_, i) => i);
  const along = Array.from({ length: threadColumns / unit.n }, (_, j) => j);
  for (const i of down)
    for (const j of along) w.line(`var c${i}_${j}: subgroup_matrix_result<f32, ${unit.n}, ${unit.m}>;`);
  w.inside(`for (var k0 = 0u; k0 < ${k}u; k0 += ${depth}u)`, () => {
    const common = { depth, k, threads };
    fill(w, left, { ...common, ...inHalves('strip_a', strideA), width: rows, from: 'm0', end: m });
    fill(w, right, { ...common, ...inHalves('strip_b', strideB), width: columns, from: 'n0', end: n });
    w.line('workgroupBarrier();');
    w.inside(`for (var kk = 0u; kk < ${depth}u; kk += ${unit.k}u)`, () => {
      const load = (matrix: string, order: string, strip: string, at: string, stride: number) =>
        `subgroupMatrixLoad<subgroup_matrix_${matrix}, ${order}>(&${strip}, ${at}, ${stride}u)`;
      for (const i of down) {
        const at = `kk * ${strideA}u + row0 + ${i * unit.m}u`;
        w.line(`let a${i} = ${load(`left<f16, ${unit.k}, ${unit.m}>`, 'col_major', 'strip_a', at, strideA)};`);
      }
      for (const j of along) {
        const at = `kk * ${strideB}u + column0 + ${j * unit.n}u`;
        w.line(`let b${j} = ${load(`right<f16, ${unit.n}, ${unit.k}>`, 'row_major', 'strip_b', at, strideB)};`);
      }
      for (const i of down)
        for (const j of along) w.line(`c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j});`);
    });
    w.line('workgroupBarrier();');
  });
  // threads cannot reach the elements of a matrix, so each goes through shared memory
  w.line(`let place = subgroup * ${unit.m * unit.n}u;`);
  for (const i of down)
    for (const j of along) {
      w.line(`subgroupMatrixStore<row_major>(&staged, place, c${i}_${j}, ${unit.n}u);`);
      w.line('workgroupBarrier();');
      w.line(`drain(z, m0 + row0 + ${i * unit.m}u, n0 + column0 + ${j * unit.n}u, lane, place);`);
      w.line('workgroupBarrier();');
    }
  return w.finish({
    label: `${labelOf(group)} (f16)`,
    workgroupSize: threads,
    workgroups: [Math.ceil(n / columns), Math.ceil(m / rows), sizeOf(batches)],
  });
}

const inHalves = (strip: string, stride: number): Pick<Strip, 'put' | 'putVector'> => {
  const at = (kk: string, o: string) => `${strip}[${kk} * ${stride}u + ${o}]`;
  return {
    put: (kk, o, x) => `${at(kk, o)} = half(${x});`,
    putVector: (kk, o, x) => [0, 1, 2, 3].map((c) => `${at(kk, `${o} + ${c}u`)} = half(${x}[${c}]);`).join(' '),
  };
};
