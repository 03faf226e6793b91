/** JSON files from other programs: UTF-8, with or without a byte-order mark. */
import { type ErrorCode, PermafrostError } from '#contract/errors';
import { readText } from './text.ts';

/** Parses a JSON file. Throws an error with `code` that names the file. */
export function readJson(bytes: Uint8Array, name: string, code: ErrorCode): unknown {
  const fail = (what: string, cause?: unknown) => new PermafrostError(code, `${name} ${what}`, { cause });
  const text = readText(bytes, (what) => fail(`is not JSON: ${what}`));
  if (text.trim() === '') throw fail('is not JSON: it is empty.');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail(`is not JSON: ${(cause as Error).message}.`, cause);
  }
}
