/** Pulls a data set: downloads its files, or links to a folder that has them, and decodes them. */
import { existsSync, mkdirSync, readdirSync, realpathSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PullProgress } from '#contract/data';
import { PermafrostError } from '#contract/errors';
import { isLink, isThere, removeBelow } from '#disk/removable';
import { adviceOn, type DatasetRow, isDirect } from './dataset.ts';
import { datasetPlaces, hasFile, isComplete } from './datasetFiles.ts';
import { download, incomplete, sweepLock } from './download.ts';
import { type HomeOptions, loadRow } from './loadDataset.ts';

export interface PullOptions extends Pick<HomeOptions, 'home' | 'signal' | 'node'> {
  /** Another folder that has the files. The data set's folder becomes a link to it. */
  from?: string;
  onProgress?(progress: PullProgress): void;
}

/** Downloads missing files and decodes the data set. Throws `network`, `disk`, `data`, or `conflict` if the folder cannot become a link. */
export async function pullDataset(
  row: DatasetRow,
  { home, from, onProgress, signal, node }: PullOptions,
): Promise<void> {
  const { folder } = datasetPlaces(home, row);
  if (from !== undefined) linkFolder(row, folder, from);
  const needed = !isComplete(row, folder) && !(isDirect(row) && !existsSync(folder) && row.bundled() !== null);
  for (const file of needed ? row.files : []) {
    if (hasFile(folder, file.name)) continue;
    await download({
      url: file.url,
      path: join(folder, file.name),
      ...(file.mayDiffer ? {} : { bytes: file.bytes, md5: file.md5, sha256: file.sha256 }),
      onProgress: (progress) => onProgress?.({ stage: 'download', file: file.name, ...progress }),
      signal,
    });
  }
  for (const { name } of row.files) await sweepLock(join(folder, name));
  const loaded = await loadRow(row, {
    home,
    signal,
    node,
    onProgress: (done, total, unit) => onProgress?.({ stage: 'decode', done, total, unit }),
  });
  loaded.close();
}

/**
 * Makes the data set's folder a link to the user's folder. Throws `data` if the user's folder lacks files, and `conflict` if ours
 * has files. Deletes at most a link or an empty folder.
 */
function linkFolder(row: DatasetRow, folder: string, from: string): void {
  const target = existsSync(from) ? realpathSync(from) : resolve(from); // resolves links, since a link to our own link would lead nowhere
  if (!isComplete(row, target) || !existsSync(target)) {
    const names = row.files.map(({ name }) => name).join(', ');
    throw new PermafrostError(
      'data',
      [`${target}: expected ${names || row.unpacked[0]}; found not all of them.`, adviceOn(row, target) ?? []]
        .flat()
        .join(' '),
    );
  }
  if (isLink(folder)) unlinkSync(folder);
  else if (isThere(folder)) removeEmpty(row, folder);
  mkdirSync(join(folder, '..'), { recursive: true });
  symlinkSync(target, folder, 'junction'); // a junction needs no rights on Windows; elsewhere the type is ignored
}

function removeEmpty(row: DatasetRow, folder: string): void {
  try {
    rmdirSync(folder);
  } catch (cause) {
    throw new PermafrostError(
      'conflict',
      `${folder} already has files. Run permafrost data rm ${row.name} first, or move them away.`,
      { cause },
    );
  }
}

/** Deletes the partial files of a paused pull. */
export async function discardPartial(row: DatasetRow, home: string): Promise<void> {
  const { folder } = datasetPlaces(home, row);
  for (const { name } of row.files) await removeBelow({ owner: folder, path: incomplete(join(folder, name)) });
  if (existsSync(folder) && !isLink(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
