/** Half-precision floats (IEEE 754 binary16). */

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Rounds float32 values to the nearest half, ties to even; values that are too large become infinite. */
export function toHalves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = toHalf(values[i]);
  return halves;
}

function toHalf(value: number): number {
  float[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00; // 65504 is the largest half; from here on values round to infinity
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24); // subnormal: multiples of 2^-24, exact in float64
  const bits = word[0] & 0x7fffffff;
  const rounded = (bits + 0xfff + ((bits >>> 13) & 1)) >>> 13; // a carry into the exponent is correct
  return sign | (rounded - ((127 - 15) << 10));
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
