/** WGSL of the operators that work element by element. float32 is f32 in WGSL, int32 and int64 are i32, and bool is bool. */
import type { ValueType } from '../graph.ts';

export const wgslType: Record<ValueType, string> = { float32: 'f32', int32: 'i32', int64: 'i32', bool: 'bool' };

/** A number as a WGSL literal of a type. */
export function literalOf(value: number, dtype: ValueType): string {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  if (dtype !== 'float32') return `i32(${Math.trunc(value)})`;
  // WGSL has no literals for infinity and NaN, and constant expressions must not result in them
  if (Number.isNaN(value)) return 'not_a_number()';
  if (!Number.isFinite(Math.fround(value))) return value > 0 ? 'infinity()' : '-infinity()';
  const digits = String(Math.fround(value));
  return /[.e]/.test(digits) ? `f32(${digits})` : `f32(${digits}.0)`;
}

/** Functions that a kernel declares if its code calls them. */
export const functions: Record<string, string> = {
  not_a_number: 'fn not_a_number() -> f32 { var bits = 0x7fc00000u; return bitcast<f32>(bits); }',
  infinity: 'fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }',
  is_nan: 'fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  // exact to 1.5e-7 (Abramowitz and Stegun 7.1.26)
  erf: `fn erf(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(x) * (1.0 - tail * exp(-x * x));
}`,
  power: `fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0) { return 1.0; }
  let size = pow(abs(x), y);
  return select(size, -size, x < 0.0 && abs(y) % 2.0 == 1.0);
}`,
  // the builtin tanh may overflow for large x
  hyperbolic_tangent: 'fn hyperbolic_tangent(x: f32) -> f32 { return select(tanh(x), sign(x), abs(x) > 15.0); }',
  // the builtins are allowed an error of 2^-11; these are the polynomials of Cephes (sinf, cosf)
  sine: `fn sine(x: f32, quarters: i32) -> f32 {
  let turns = round(x * 0.63661977);
  let r = ((x - turns * 1.5703125) - turns * 4.837513e-4) - turns * 7.54979e-8;
  let z = r * r;
  let s = ((-1.9515296e-4 * z + 8.332161e-3) * z - 0.16666655) * z * r + r;
  let c = ((2.4433157e-5 * z - 1.3887316e-3) * z + 4.1666646e-2) * z * z - 0.5 * z + 1.0;
  let quarter = (i32(turns) + quarters) & 3;
  let size = select(s, c, (quarter & 1) == 1);
  return select(size, -size, quarter >= 2);
}`,
  sigmoid: 'fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }',
};

type Expression = (...operands: string[]) => string;
const infix =
  (operator: string): Expression =>
  (a, b) =>
    `(${a} ${operator} ${b})`;
const call =
  (name: string): Expression =>
  (...operands) =>
    `${name}(${operands.join(', ')})`;

export const expressions: Record<string, Expression> = {
  Add: infix('+'),
  Sub: infix('-'),
  Mul: infix('*'),
  Div: infix('/'),
  Max: call('max'),
  Min: call('min'),
  Pow: call('power'),
  Greater: infix('>'),
  GreaterOrEqual: infix('>='),
  Less: infix('<'),
  LessOrEqual: infix('<='),
  Equal: infix('=='),
  And: infix('&&'),
  Or: infix('||'),
  Not: (a) => `!${a}`,
  Where: (condition, yes, no) => `select(${no}, ${yes}, ${condition})`,

  Identity: (a) => a,
  Neg: (a) => `(-${a})`,
  Exp: call('exp'),
  Log: call('log'),
  Tanh: call('hyperbolic_tangent'),
  Sigmoid: call('sigmoid'),
  Relu: (a) => `select(${a}, 0.0, ${a} < 0.0)`, // NaN stays NaN
  Sqrt: call('sqrt'),
  Abs: call('abs'),
  Floor: call('floor'),
  Ceil: call('ceil'),
  Round: call('round'),
  Reciprocal: (a) => `(1.0 / ${a})`,
  Erf: call('erf'),
  Sin: (a) => `sine(${a}, 0)`,
  Cos: (a) => `sine(${a}, 1)`,
  Softplus: (a) => `(max(${a}, 0.0) + log(1.0 + exp(-abs(${a}))))`,
  IsNaN: call('is_nan'),
  FastGelu: (a) => `(${a} * sigmoid(${a} * (1.5957691216 + 0.0713548163 * ${a} * ${a})))`,
  Gelu: (a) => `(0.5 * ${a} * (1.0 + erf(${a} * 0.70710678118)))`,
};
