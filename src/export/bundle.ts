/**
 * The format of bundles. A bundle is a ZIP of runs with everything needed to check them and to train them again elsewhere.
 * Bundles are untrusted, so nothing is unpacked to the disk.
 *
 *     manifest.json                 format, date, every other file with its size and SHA-256
 *     environment.json              the machine that made the bundle, and the versions of its software
 *     materials.json                data sets and weights of the runs, with their SHA-256
 *     table.json, table.md, table.csv   the published table of the runs, if there is one, with its verdicts
 *     runs.csv                      a record for each run
 *     runs/ID/config.json, journal.jsonl, frozen.json   as in the run's folder
 *     runs/ID/run.json              the run from the store
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { profiles, toleranceSchema } from '#contract/tableState';
import type { ByteSource } from '#formats/source';
import { writeZip, type ZipFile } from '#formats/writeZip';
import { entryBytes, entryChunks, readZip, type ZipEntry } from '#formats/zip';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().min(0);

/** The layout of new bundles. Raise it whenever a change gives the same runs other verdicts or files. */
export const bundleVersion = 5;

export const manifest = z.object({
  format: z.literal('permafrost-bundle'),
  version: z.int().min(1),
  /** Date of the bundle, such as `2026-11-26`. */
  made: z.iso.date(),
  files: z.array(z.object({ path: z.string(), bytes: size, sha256 })),
});
export type Manifest = z.infer<typeof manifest>;

export const environment = z.object({
  permafrost: z.string(),
  node: z.string(),
  /** Packages that affect results, with their versions. */
  packages: z.record(z.string(), z.string()),
  os: z.string(),
  cpu: z.string(),
  threads: size,
  memoryBytes: size,
});
export type Environment = z.infer<typeof environment>;

const hashedFile = z.object({ file: z.string(), bytes: size, sha256 });
export const materials = z.object({
  data: z.array(z.object({ name: z.string(), files: z.array(hashedFile) })),
  weights: z.array(z.object({ model: z.string(), files: z.array(hashedFile) })),
});
export type Materials = z.infer<typeof materials>;

/** The bundle's claims about a table. Claims that can be recomputed are only compared, never used. */
export const statement = z.object({
  table: z.string(),
  profile: z.enum(profiles),
  tolerance: toleranceSchema,
  cells: z.array(
    z.object({
      id: z.string(),
      published: z.unknown(),
      needs: z.string().nullable(),
      notes: z.array(z.string()),
      floor: z.object({ value: z.number(), predictor: z.string() }).nullable(),
      runs: z.array(z.string()),
      judgement: z.unknown(),
    }),
  ),
  contrasts: z.unknown(),
});
export type Statement = z.infer<typeof statement>;

export const jsonFile = (name: string, value: unknown): ZipFile =>
  textFile(name, [`${JSON.stringify(value, null, 1)}\n`]);
export const textFile = (name: string, chunks: Iterable<string>): ZipFile => ({ name, chunks: encoded(chunks) });
function* encoded(chunks: Iterable<string>): Generator<Uint8Array> {
  for (const text of chunks) yield new TextEncoder().encode(text);
}

/** The archive in pieces; the manifest is computed while the other files are written. */
export async function* writeBundle(files: Iterable<ZipFile>, made: string): AsyncGenerator<Uint8Array> {
  const listed: Manifest['files'] = [];
  async function* withManifest(): AsyncGenerator<ZipFile> {
    for (const { name, chunks } of files) yield { name, chunks: hashed(name, chunks, listed) };
    yield jsonFile('manifest.json', {
      format: 'permafrost-bundle',
      version: bundleVersion,
      made,
      files: listed,
    } satisfies Manifest);
  }
  yield* writeZip(withManifest());
}

async function* hashed(path: string, chunks: ZipFile['chunks'], listed: Manifest['files']): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  listed.push({ path, bytes, sha256: hash.digest('hex') });
}

/** Every path that a bundle may have. */
const paths = [
  /^(manifest|environment|materials|table)\.json$/,
  /^(table\.md|table\.csv|runs\.csv)$/,
  /^runs\/[\w-]{1,100}\/(config\.json|run\.json|frozen\.json|journal\.jsonl)$/,
];
/**
 * Limits in bytes: of a run's JSON, of a file that lists all runs, of a journal (about 100 bytes per step of training), of a line of
 * a journal (the steps of a quarter of a second), and of all files together.
 */
const most = { json: 2 ** 22, list: 2 ** 24, journal: 2 ** 29, line: 2 ** 20, all: 8 * 2 ** 30 };
const lists: readonly string[] = ['manifest.json', 'table.md', 'table.csv', 'runs.csv'];
const mostOf = (path: string): number => (lists.includes(path) ? most.list : most.json);

export interface Bundle {
  manifest: Manifest;
  /** SHA-256 of the manifest, which identifies the bundle. */
  digest: string;
  /** Ids of the runs. */
  runs: string[];
  has(path: string): boolean;
  /** The content of a file as text. Throws `data` if it is missing or damaged. */
  text(path: string): string;
  /** Yields the lines of a journal, including line feeds. Throws `data` like `text`. */
  lines(path: string): Iterable<string>;
  /** A file's JSON. Throws `data` if it does not fit the schema. */
  json<T>(path: string, schema: z.ZodType<T>): T;
}

/**
 * Opens a bundle and calls `report` with a line for every file that contradicts the manifest. Throws `data` for a file that is not a
 * bundle or claims an implausible size.
 */
export function readBundle(source: ByteSource, name: string, report: (problem: string) => void): Bundle {
  const refuse = (why: string, cause?: unknown) =>
    new PermafrostError('data', `${name} is not a bundle that this Permafrost can read: ${why}`, { cause });
  const entries = attempt(
    () => readZip(source),
    (cause) => refuse(cause.message, cause),
  );
  if ([...entries.values()].reduce((sum, entry) => sum + entry.size, 0) > most.all)
    throw refuse(`it claims more than ${most.all} bytes.`);
  const entryOf = (path: string): ZipEntry => {
    const entry = entries.get(path);
    if (!entry) throw new PermafrostError('data', `${path}: the file is missing.`);
    return entry;
  };
  const text = (path: string): string => {
    const entry = entryOf(path);
    const bytes = attempt(
      () => entryBytes(source, entry, mostOf(path)),
      (cause) => damagedFile(path, cause),
    );
    return new TextDecoder().decode(bytes);
  };
  const lines = (path: string): Iterable<string> => {
    const entry = entryOf(path);
    if (entry.size > most.journal)
      throw new PermafrostError('data', `${path}: expected at most ${most.journal} bytes; found ${entry.size}.`);
    return linesOf(path, entryChunks(source, entry));
  };
  const json = <T>(path: string, schema: z.ZodType<T>): T => {
    const wrong = (why: string, cause?: unknown) => new PermafrostError('data', `${path}: ${why}`, { cause });
    const value = attempt(
      () => JSON.parse(text(path)),
      (cause) => (cause instanceof PermafrostError ? cause : wrong(`not JSON: ${cause.message}.`, cause)),
    );
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw wrong(`${issue.path.join('.') || 'the file'}: ${issue.message}.`);
  };
  const stated = attempt(
    () => json('manifest.json', manifest),
    (cause) => refuse(cause.message, cause),
  );
  if (stated.version > bundleVersion)
    throw refuse(
      `expected layout ${bundleVersion} or lower; found ${stated.version}. A newer Permafrost made it. Update this one.`,
    );
  const listed = new Map(stated.files.map((file) => [file.path, file]));
  if (listed.size < stated.files.length) report('manifest.json: a file is listed twice.');
  for (const path of entries.keys()) {
    if (!paths.some((pattern) => pattern.test(path))) report(`${path}: a bundle has no such file.`);
    else if (path !== 'manifest.json' && !listed.has(path)) report(`${path}: the manifest does not list it.`);
  }
  for (const { path, ...expected } of stated.files) {
    try {
      const found = digestOf(source, entryOf(path));
      if (found.bytes !== expected.bytes)
        report(`${path}: the manifest says ${expected.bytes} bytes; found ${found.bytes}.`);
      else if (found.sha256 !== expected.sha256)
        report(`${path}: the manifest says SHA-256 ${expected.sha256}; found ${found.sha256}.`);
    } catch (error) {
      if (!(error instanceof PermafrostError)) throw error;
      report(error.message.startsWith(path) ? error.message : `${path}: ${error.message}`);
    }
  }
  return {
    manifest: stated,
    digest: createHash('sha256').update(text('manifest.json')).digest('hex'),
    runs: [...new Set([...entries.keys()].flatMap((path) => (paths[2].test(path) ? path.split('/')[1] : [])))].sort(),
    has: (path) => entries.has(path),
    text,
    lines,
    json,
  };
}

const damagedFile = (path: string, cause: Error): PermafrostError =>
  new PermafrostError('data', `${path}: ${cause.message}`, { cause });

function* linesOf(path: string, chunks: Generator<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder();
  const whole = (before: string, after: string): string => {
    if (before.length + after.length <= most.line) return before + after;
    throw new PermafrostError('data', `${path}: found a line of more than ${most.line} characters.`);
  };
  let rest = '';
  for (;;) {
    const next = attempt(
      () => chunks.next(),
      (cause) => damagedFile(path, cause),
    );
    if (next.done) break;
    const text = decoder.decode(next.value, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield whole(rest, text.slice(start, end + 1));
      rest = '';
      start = end + 1;
    }
    rest = whole(rest, text.slice(start));
  }
  if (rest !== '') yield rest;
}

function digestOf(source: ByteSource, entry: ZipEntry): { bytes: number; sha256: string } {
  const hash = createHash('sha256');
  for (const chunk of entryChunks(source, entry)) hash.update(chunk);
  return { bytes: entry.size, sha256: hash.digest('hex') };
}

function attempt<T>(work: () => T, failure: (cause: Error) => Error): T {
  try {
    return work();
  } catch (cause) {
    throw failure(cause as Error);
  }
}
