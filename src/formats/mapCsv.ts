/** An attention map [t, t] as lines of CSV: each row is a token, and each column a token that it attends to. */
import { csvLine } from './csv.ts';

export function* mapCsv(map: Float32Array, tokens: readonly string[]): Generator<string> {
  const named = tokens.map((token, i) => `${i} ${token}`);
  yield csvLine(['from \\ to', ...named]);
  for (const [row, name] of named.entries())
    yield csvLine([name, ...map.subarray(row * tokens.length, (row + 1) * tokens.length)]);
}
