/**
 * Names from outside: typed, sent by the window, answered by a server or read from a file. Many become part of a path or a URL, so
 * each kind has one schema, which checks the name where it enters.
 */
import { z } from 'zod';
import { PermafrostError } from './errors.ts';

/** Names that Windows keeps for devices, whatever their ending. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether the text is a valid and unambiguous file name on every file system. */
const isFileName = (text: string): boolean =>
  /^\w(?:[\w.-]*\w)?$/.test(text) && !text.includes('..') && !device.test(text);

/** Whether a plain object has a property of that name by inheritance. */
const isInherited = (text: string): boolean => Object.hasOwn(Object.prototype, text);

/** Hugging Face's rule for repositories; `--` is how its cache writes the slash. */
const isRepositoryName = (text: string, parts: readonly number[]): boolean =>
  text.length <= 96 &&
  !text.includes('--') &&
  parts.includes(text.split('/').length) &&
  text.split('/').every(isFileName);

const letters = 'letters, digits, "_", "-" and "." (not first or last)';

/** What a config calls a model; its own files lie in `{home}/models/<name>`, beside `added.json`. */
export const modelName = name(
  'model name',
  `NAME or ORG/NAME of ${letters}, without "--" and "..", at most 96 in all, and not a reserved name such as "nul"`,
  (text) => isRepositoryName(text, [1, 2]) && !isInherited(text) && !/^added\.json/i.test(text),
);

/** A repository of a hub. */
export const repository = name(
  'repository',
  `ORG/NAME of ${letters}, without "--" and "..", at most 96 in all`,
  (text) => isRepositoryName(text, [2]) && !/\.git$/i.test(text),
);

/** A branch, a tag, `refs/pr/N` or a commit of a repository; a file of that name in the cache keeps its commit. */
export const revision = name(
  'revision',
  `a branch, a tag, refs/pr/N or a commit: ${letters}, parts separated by "/", at most 200 in all`,
  (text) => text.length <= 200 && text.split('/').every((part) => isFileName(part) && !/\.lock$/i.test(part)),
);

/** The commit that a revision stands for. */
export const commit = name('commit', '40 hexadecimal digits', (text) => /^[0-9a-f]{40}$/.test(text));
export const sha256Digest = name('SHA-256', '64 hexadecimal digits', (text) => /^[0-9a-f]{64}$/.test(text));
/** SHA-1 of a git blob, which Hugging Face calls small files by. */
export const gitSha1 = name('SHA-1', '40 hexadecimal digits', (text) => /^[0-9a-f]{40}$/.test(text));

/** Path of a file inside a repository, an archive or a folder: never one that leaves it, on any system. */
export const innerPath = name(
  'path inside a repository or an archive',
  'parts separated by "/", none of them empty, "." or "..", without control characters and \\ : * ? " < > |',
  (text) =>
    text.length <= 1024 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    text.split('/').every((part) => /^[^\u0000-\u001f\u007f\\:*?"<>|]*[^\u0000-\u001f\u007f\\:*?"<>|. ]$/.test(part)) &&
    !text.split('/').some((part) => device.test(part)),
);

/** Path on this machine as a user gives it. */
export const localPath = name(
  'path',
  'a path of at most 4,096 characters',
  (text) => text.length > 0 && text.length <= 4096 && !text.includes('\0'),
);

/** A data set of the table in `zoo/datasets`. */
export const datasetName = name(
  'data set',
  'lower-case letters, digits and "-", at most 64',
  (text) => text.length <= 64 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text),
);

/** A run's id, which is also its folder's name; or the beginning of one. */
export const runId = name(
  'run id',
  'letters, digits, "_", "-" and ".", at most 128, such as bit-xor-k3fw8a',
  (text) =>
    text.length <= 128 && /^\w[\w.-]*$/.test(text) && !text.includes('..') && !text.endsWith('.') && !device.test(text),
);

/** A word that a user puts on runs. */
export const runTag = name(
  'tag',
  'one line of 1 to 100 characters that does not begin or end with a blank',
  (text) => text.length >= 1 && text.length <= 100 && text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text),
);

/** Size of a file as a server states it. */
export const byteCount = z.int().min(0);

/** A text schema whose error quotes the value and says what was expected. */
function name(kind: string, expected: string, fits: (text: string) => boolean) {
  return z
    .string()
    .refine(fits, { error: ({ input }) => `${quoted(String(input))} is not a ${kind}. Expected ${expected}.` });
}

/** The text quoted, on one line, truncated, and safe for a terminal. */
function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short).replace(/\p{C}/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

/** The value parsed by the schema. Throws `config`, with `remedy` appended to its message. */
export function checked<T extends z.ZodType>(schema: T, value: unknown, remedy = ''): z.infer<T> {
  const { data, error } = schema.safeParse(value);
  if (!error) return data as z.infer<T>;
  throw new PermafrostError(
    'config',
    [...error.issues.map(({ message }) => message), remedy].filter(Boolean).join(' '),
  );
}
