/** Checks that the files of runs still exist. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { type RunFiles, runFiles } from '#runFolder/paths';

/** The files of a run folder that must exist. */
export interface Needed {
  folder: string;
  files: readonly (keyof RunFiles)[];
}

const mostNamed = 10;

/** Throws `disk`, naming the missing files. */
export function requireFiles(runs: readonly Needed[]): void {
  const broken = runs.flatMap(({ folder, files }) => {
    const missing = files.map((file) => runFiles(folder)[file]).filter((path) => !existsSync(path));
    return missing.length ? [`${basename(folder)} (${missing.map((path) => basename(path)).join(', ')})`] : [];
  });
  if (broken.length === 0) return;
  const more = broken.length > mostNamed ? ` and ${broken.length - mostNamed} more` : '';
  throw new PermafrostError(
    'disk',
    `Files are missing in ${dirname(runs[0].folder)}: ${broken.slice(0, mostNamed).join(', ')}${more}. Restore them from a backup, or train the config again.`,
  );
}
