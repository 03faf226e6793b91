/** Checks that the files of a model are the published ones and contain its weights. */
import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { sha256Digest } from '#contract/names';
import type { DownloadProgress, VerifyReport } from '#contract/zoo';
import { hashFile } from '#disk/hash';
import { float32Chunks, isFloat, type StoredArray } from '#formats/array';
import { listProblems, matchCheckpoint } from '#models/match';
import type { CatalogRow } from './catalog.ts';
import { checkpointFiles, withCheckpoint } from './checkpointFiles.ts';
import { createMeter } from './meter.ts';

/** Verifies the checkpoint at `path`: hashes every file and reads every weight. */
export async function verifyModel(
  row: CatalogRow,
  path: string,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<VerifyReport> {
  const expected = expectedDigest(row, path);
  const { bytes, sha256, files } = await hashFiles(checkpointFiles(path), onProgress);
  const altered = files.flatMap((file) => {
    const wanted = files.length === 1 ? expected : blobDigest(file.path);
    if (!wanted || wanted === file.sha256) return [];
    const which = files.length === 1 ? '' : `${basename(file.path)}: `;
    return `${which}SHA-256 is ${file.sha256}, expected ${wanted}`;
  });
  const problems = [...altered, ...inspect(row, path, { values: true }).problems];
  return { name: row.name, path, bytes, sha256, expected, problems };
}

/** Throws `weights` if names or shapes of a checkpoint differ from the model's. Reads no weights. */
export function refuseMisfit(row: Pick<CatalogRow, 'name' | 'body'>, path: string): void {
  const { problems, contents } = inspect(row, path);
  if (problems.length > 0)
    throw new PermafrostError(
      'weights',
      `${path} is not a checkpoint of ${row.name}: ${listProblems(problems)}. ${contents}.`,
    );
}

interface Inspection {
  /** Weights that are missing, unknown or of another shape, and values that are not finite. */
  problems: string[];
  /** A sentence that lists the first arrays of the checkpoint. */
  contents: string;
}

/** Finds the problems of a checkpoint. Reads names and shapes, and with `values` every weight. */
function inspect(
  { body: { body, config } }: Pick<CatalogRow, 'body'>,
  path: string,
  { values = false } = {},
): Inspection {
  return withCheckpoint(path, ({ arrays }) => {
    const shapes = body.parameters(config);
    const needed = Object.keys(shapes).filter((name) => ![...body.unused, ...body.notLoaded].includes(name));
    const { found, problems } = matchCheckpoint(arrays, body.fromCheckpoint([...arrays.keys()]), shapes, needed);
    const stored = [...found.values()].map(({ name }) => name);
    return {
      problems: values
        ? [...problems, ...stored.flatMap((name) => valueProblem(name, arrays.get(name)!) ?? [])]
        : problems,
      contents: contentsOf(arrays),
    };
  });
}

/** Describes the first value of an array that is not finite, or why its values cannot be read; null if there is no problem. */
function valueProblem(name: string, array: StoredArray): string | null {
  if (!isFloat(array)) return null;
  try {
    for (const chunk of float32Chunks(array)) {
      const odd = chunk.find((value) => !Number.isFinite(value));
      if (odd !== undefined) return `${name} has ${Number.isNaN(odd) ? 'NaN' : 'an infinite value'}`;
    }
    return null;
  } catch (error) {
    if (error instanceof PermafrostError) return `${name} cannot be read: ${error.message}`;
    throw error;
  }
}

const mostNamed = 4;
function contentsOf(arrays: ReadonlyMap<string, StoredArray>): string {
  const first = [...arrays].slice(0, mostNamed).map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`);
  const rest = arrays.size > mostNamed ? `, and ${arrays.size - mostNamed} more` : '';
  return `It has ${first.join(', ')}${rest}`;
}

/** The SHA-256 of a file in the hub's cache, where it is the name of large blobs; null for other files. */
function blobDigest(path: string): string | null {
  const blob = basename(realpathSync(path));
  return sha256Digest.safeParse(blob).success ? blob : null;
}
const expectedDigest = ({ sha256 }: CatalogRow, path: string): string | null => blobDigest(path) ?? sha256 ?? null;

/** Computes the SHA-256 of each file and of their concatenation. */
async function hashFiles(paths: readonly string[], onProgress?: (progress: DownloadProgress) => void) {
  const size = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const [all, meter] = [paths.length > 1 ? createHash('sha256') : null, createMeter()];
  const files: { path: string; sha256: string }[] = [];
  let [bytes, told] = [0, 0];
  meter.start(0, performance.now());
  for (const path of paths) {
    const { hash } = await hashFile(path, 'sha256', (chunk) => {
      all?.update(chunk);
      bytes += chunk.length;
      const now = performance.now();
      if (now - told < 100 && bytes < size) return;
      told = now;
      onProgress?.(meter.progress(bytes, size, now));
    });
    files.push({ path, sha256: hash });
  }
  return { bytes, sha256: all?.digest('hex') ?? files[0].sha256, files };
}
