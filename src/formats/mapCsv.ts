/** An attention map [t, t] as lines of CSV: a row per token that looks, a column per token that it looks at. */
import { csvLine } from './csv.ts';

export function* mapCsv(map: Float32Array, tokens: readonly string[]): Generator<string> {
  const named = tokens.map((token, i) => `${i} ${token}`);
  yield csvLine(['from \\ to', ...named]);
  for (const [row, name] of named.entries())
    yield csvLine([name, ...map.subarray(row * tokens.length, (row + 1) * tokens.length)]);
}
