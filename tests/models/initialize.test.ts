import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { initialize, orthogonal } from '#models/initialize';
import { difference } from '../engine/devices.ts';
import { loadGolden } from '../parity/golden.ts';

describe('orthogonal', () => {
  const { info, tensor } = loadGolden('g4-orthogonal');
  const shapes: [number, number][] = info.shapes;
  it.each(shapes.map(([rows, columns], i) => ({ rows, columns, i })))(
    '$rows × $columns: makes of the same Gaussian matrix what torch makes of it',
    ({ rows, columns, i }) => {
      const found = orthogonal(Float64Array.from(tensor(`a.${i}`).data), rows, columns, info.gain);
      expect(difference(found, tensor(`W.${i}`).data)).toBeLessThan(1e-5);
    },
  );
});

describe('a fresh network', () => {
  const network = (params: object) => {
    const config = parseConfig({ task: 'x', pretrained: false, n_layer: 2, n_embd: 16, n_head: 2, ...params });
    return buildModel(config, { tokens: 4, width: 10, inputDim: 10, outputDim: 4, embedding: false });
  };
  const { info } = loadGolden('g4-orthogonal');
  interface Row {
    fpt: { in_layer_sizes?: number[]; out_layer_sizes?: number[]; orth_gain?: null };
    param: string;
    shape: number[];
    orthogonal: boolean;
    bias_all_zero: boolean;
    bound_1_over_sqrt_fan_in: number;
  }
  it.each(info.fpt_initialisation as Row[])('$param with $fpt starts as in the reference', (row) => {
    const model = network(row.fpt);
    expect(model.parameters[row.param]).toEqual(row.shape);
    const weight = model.initialValue(row.param, 3);
    const bias = model.initialValue(row.param.replace('weight', 'bias'), 3);
    expect(bias.every((b) => b === 0)).toBe(row.bias_all_zero);
    const [rows, columns] = row.shape;
    const dot = (a: number, b: number) => {
      let sum = 0;
      if (rows <= columns) for (let i = 0; i < columns; i++) sum += weight[a * columns + i] * weight[b * columns + i];
      else for (let i = 0; i < rows; i++) sum += weight[i * columns + a] * weight[i * columns + b];
      return sum;
    };
    if (row.orthogonal) {
      expect(dot(0, 0)).toBeCloseTo(1.41 ** 2, 4);
      expect(dot(0, 1)).toBeCloseTo(0, 4);
    } else {
      const largest = Math.max(...weight.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(row.bound_1_over_sqrt_fan_in);
      expect(largest).toBeGreaterThan(0.9 * row.bound_1_over_sqrt_fan_in);
    }
  });

  it('has a body of N(0, 0.02) weights, zero biases and unit gains', () => {
    const model = network({ n_embd: 64 });
    const weight = model.initialValue('transformer.h.1.mlp.c_fc.weight', 3);
    expect(Math.sqrt(weight.reduce((s, w) => s + w * w, 0) / weight.length)).toBeCloseTo(0.02, 3);
    expect(new Set(model.initialValue('transformer.h.0.attn.c_attn.bias', 3))).toEqual(new Set([0]));
    expect(new Set(model.initialValue('transformer.ln_f.weight', 3))).toEqual(new Set([1]));
  });

  it('depends only on seed and name', () => {
    const draw = (seed: number, name: string) => initialize({ normal: 1 }, [8], seed, name);
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
  });
});
