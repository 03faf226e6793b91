/** Checks that the files of a data set are the published ones. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileCheck } from '#contract/data';
import { hashFile } from '#disk/hash';
import { type DatasetFile, type DatasetRow, isDirect } from './dataset.ts';
import { datasetPlaces } from './datasetFiles.ts';

/** Compares the files with their published sizes and digests. */
export async function verifyDataset(row: DatasetRow, home: string): Promise<FileCheck[]> {
  const { folder } = datasetPlaces(home, row);
  if (isDirect(row) && !existsSync(folder) && row.bundled() !== null) {
    const { notes } = row.direct(folder); // checks every digest
    return row.files.map(({ name }) => ({
      name,
      result: notes.length ? 'differs' : 'ok',
      text: notes.join(' ') || `the official file, from ${row.bundled()}`,
    }));
  }
  return Promise.all(row.files.map((file) => verifyFile(file, folder)));
}

async function verifyFile({ name, bytes, md5, sha256 }: DatasetFile, folder: string): Promise<FileCheck> {
  const path = join(folder, name);
  if (!existsSync(path)) return { name, result: 'missing', text: `not in ${folder}` };
  const { size } = statSync(path);
  if (bytes !== undefined && size !== bytes)
    return { name, result: 'differs', text: `expected ${bytes} bytes; found ${size}` };
  const expected = sha256 ?? md5;
  if (!expected) return { name, result: 'unchecked', text: `${size} bytes; no digest is published` };
  const { hash: found } = await hashFile(path, sha256 ? 'sha256' : 'md5');
  return found === expected
    ? { name, result: 'ok', text: `${sha256 ? 'SHA-256' : 'MD5'} ${found}` }
    : { name, result: 'differs', text: `expected ${sha256 ? 'SHA-256' : 'MD5'} ${expected}; found ${found}` };
}
