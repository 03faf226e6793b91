/**
 * Reads files that are meant to take gigabytes, one after the other: `readBombs.ts [[READER, PATH], …]`. A line of JSON says how
 * much memory the process had at most before the first one, and then what became of each.
 */

import { withBundle } from '#app/openBundle';
import { describeError } from '#contract/errors';
import { withFile } from '#disk/source';
import { readModelCheckpoint } from '#formats/modelCheckpoint';
import { loadDataset } from '#zoo/loadDataset';
import { createZoo } from '#zoo/zoo';

const readers: Record<string, (path: string) => unknown> = {
  checkpoint: (path) =>
    withFile(path, (source) => {
      for (const array of readModelCheckpoint(source, path).arrays.values()) for (const _ of array.chunks());
    }),
  bundle: (path) => withBundle(path, ({ report }) => Promise.reject(new Error(report.problems.join('\n')))),
  model: (path) => createZoo({ home: `${path}/home`, environment: {} }).add(path),
};
/** Every other reader is that of a data set in a home. */
const read = (reader: string, path: string): unknown =>
  (readers[reader] ?? ((home: string) => loadDataset(reader, { home })))(path);

const megabytes = (): number => process.resourceUsage().maxRSS / 1024;
const say = (value: object): void => console.log(JSON.stringify(value));

await import('tar-stream');
say({ megabytes: megabytes() });
for (const [reader, path] of JSON.parse(process.argv[2]) as [string, string][]) {
  globalThis.gc?.(); // what the bombs before left is not this reader's
  const start = performance.now();
  let said = { code: 'none', message: 'it was read' };
  try {
    await read(reader, path);
  } catch (error) {
    said = describeError(error);
  }
  say({ ...said, seconds: (performance.now() - start) / 1000, megabytes: megabytes() });
}
