/** The ticks of an axis and their labels. Pure. */

/** About `count` round numbers within [low, high]. */
export function linearTicks(low: number, high: number, count = 6): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(digits)));
}

/** Powers of ten within [low, high]; if there are few, also their multiples by 2 and 5. */
export function logTicks(low: number, high: number): number[] {
  if (!(high > low && low > 0)) return [low];
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = to - from > 3 ? [1] : [1, 2, 5];
  const every = Math.ceil((to - from) / 10);
  const ticks: number[] = [];
  for (let power = from; power <= to; power++) {
    if ((power - from) % every !== 0) continue;
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

/** The label of a tick: at most `digits` significant digits, thousands separators, powers of ten for very small and large numbers. */
export function tickLabel(value: number, digits = 5): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential().replace('e+', 'e');
  return Number(value.toPrecision(digits)).toLocaleString('en', { maximumSignificantDigits: digits });
}
