/**
 * Names from outside: from users, the window, servers and files. Many become part of a path or a URL, so each kind has one schema,
 * which checks the name as it enters the program.
 */
import { z } from 'zod';
import { PermafrostError } from './errors.ts';

/** Names that Windows reserves for devices, with any extension. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether the text is a valid and unambiguous file name on every file system. */
const isFileName = (text: string): boolean =>
  /^\w(?:[\w.-]*\w)?$/.test(text) && !text.includes('..') && !device.test(text);

/** Whether every object inherits a property of that name. */
const isInherited = (text: string): boolean => Object.hasOwn(Object.prototype, text);

/** Hugging Face's rule for repositories; `--` is how its cache writes the slash. */
const isRepositoryName = (text: string, parts: readonly number[]): boolean =>
  text.length <= 96 &&
  !text.includes('--') &&
  parts.includes(text.split('/').length) &&
  text.split('/').every(isFileName);

const letters = 'letters, digits, "_", "-" and "." (not first or last)';

/** A model's name in configs. The user's files for it are in `{home}/models/<name>`, next to `added.json`. */
export const modelName = name(
  'model name',
  `NAME or ORG/NAME of ${letters}, without "--" and "..", at most 96 in all, and not a reserved name such as "nul"`,
  (text) => isRepositoryName(text, [1, 2]) && !isInherited(text) && !/^added\.json/i.test(text),
);

/** A repository on a hub. */
export const repository = name(
  'repository',
  `ORG/NAME of ${letters}, without "--" and "..", at most 96 in all`,
  (text) => isRepositoryName(text, [2]) && !/\.git$/i.test(text),
);

/** A branch, a tag, `refs/pr/N` or a commit of a repository. In the cache, a file of that name holds its commit. */
export const revision = name(
  'revision',
  `a branch, a tag, refs/pr/N or a commit: ${letters}, parts separated by "/", at most 200 in all`,
  (text) => text.length <= 200 && text.split('/').every((part) => isFileName(part) && !/\.lock$/i.test(part)),
);

/** The commit that a revision resolves to. */
export const commit = name('commit', '40 hexadecimal digits', (text) => /^[0-9a-f]{40}$/.test(text));
export const sha256Digest = name('SHA-256', '64 hexadecimal digits', (text) => /^[0-9a-f]{64}$/.test(text));
/** SHA-1 of a git blob, by which Hugging Face identifies small files. */
export const gitSha1 = name('SHA-1', '40 hexadecimal digits', (text) => /^[0-9a-f]{40}$/.test(text));

/** Path of a file inside a repository, an archive or a folder; on every system it stays inside. */
export const innerPath = name(
  'path inside a repository or an archive',
  'parts separated by "/", none of them empty, "." or "..", without control characters and \\ : * ? " < > |',
  (text) =>
    text.length <= 1024 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern refuses them
    text.split('/').every((part) => /^[^\u0000-\u001f\u007f\\:*?"<>|]*[^\u0000-\u001f\u007f\\:*?"<>|. ]$/.test(part)) &&
    !text.split('/').some((part) => device.test(part)),
);

/** Path on this machine, entered by a user. */
export const localPath = name(
  'path',
  'a path of at most 4,096 characters',
  (text) => text.length > 0 && text.length <= 4096 && !text.includes('\0'),
);

/** Name of a data set in `zoo/datasets`. */
export const datasetName = name(
  'data set',
  'lower-case letters, digits and "-", at most 64',
  (text) => text.length <= 64 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text),
);

/** A run's id, which is also the name of its folder, or the first letters of an id. */
export const runId = name(
  'run id',
  'letters, digits, "_", "-" and ".", at most 128, such as bit-xor-k3fw8a',
  (text) =>
    text.length <= 128 && /^\w[\w.-]*$/.test(text) && !text.includes('..') && !text.endsWith('.') && !device.test(text),
);

/** A label that a user gives to runs. */
export const runTag = name(
  'tag',
  'one line of 1 to 100 characters that does not begin or end with a space',
  (text) => text.length >= 1 && text.length <= 100 && text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text),
);

/** Size of a file, stated by a server. */
export const byteCount = z.int().min(0);

/** A string schema whose error quotes the value and says what was expected. */
function name(kind: string, expected: string, fits: (text: string) => boolean) {
  return z
    .string()
    .refine(fits, { error: ({ input }) => `${quoted(String(input))} is not a ${kind}. Expected ${expected}.` });
}

/** The text in quotes, shortened to one line that is safe to print in a terminal. */
function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short).replace(/\p{C}/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

/** Parses a value with a schema. Throws `config`, with `remedy` at the end of its message. */
export function checked<T extends z.ZodType>(schema: T, value: unknown, remedy = ''): z.infer<T> {
  const { data, error } = schema.safeParse(value);
  if (!error) return data as z.infer<T>;
  throw new PermafrostError(
    'config',
    [...error.issues.map(({ message }) => message), remedy].filter(Boolean).join(' '),
  );
}
