/** A ZIP archive made while its files are read: nothing is held but its directory. The same files make the same archive. */
import { Zip, ZipDeflate } from 'fflate';
import { PermafrostError } from '#contract/errors';

export interface ZipFile {
  name: string;
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Without zip64 an archive has no more. */
const most = { bytes: 2 ** 32 - 1, files: 65_535 };
/** The earliest time that a ZIP can say. */
const noTime = new Date(1980, 0, 1);

/** The archive in pieces. A file is asked for when the one before it is written. Throws `config` when it becomes too large. */
export async function* writeZip(files: Iterable<ZipFile> | AsyncIterable<ZipFile>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let [bytes, count] = [0, 0];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    waiting.push(chunk);
  });
  const written = (): Uint8Array[] => {
    const chunks = waiting;
    waiting = [];
    for (const { length } of chunks) bytes += length;
    if (bytes > most.bytes || count > most.files)
      throw new PermafrostError(
        'config',
        `A ZIP archive holds at most 4 GB and ${most.files} files; this one has more. Choose fewer runs.`,
      );
    return chunks;
  };
  for await (const { name, chunks } of files) {
    const file = new ZipDeflate(name);
    file.mtime = noTime;
    zip.add(file);
    count++;
    for await (const chunk of chunks) {
      file.push(chunk);
      yield* written();
    }
    file.push(new Uint8Array(0), true);
    yield* written();
  }
  zip.end();
  yield* written();
}
