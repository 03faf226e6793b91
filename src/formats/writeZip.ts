/** Makes a ZIP archive while its files are read, with only its directory in memory. The same files make the same archive. */
import { Zip, ZipDeflate } from 'fflate';
import { PermafrostError } from '#contract/errors';

export interface ZipFile {
  name: string;
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Limits of an archive without zip64. */
const most = { bytes: 2 ** 32 - 1, files: 65_535 };
/** The earliest time that a ZIP archive can store. */
const noTime = new Date(1980, 0, 1);

/** Yields the archive in pieces. Requests each file after the one before it is written. Throws `config` if the archive becomes too large. */
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
        `A ZIP archive can have at most 4 GB and ${most.files} files; this one has more. Choose fewer runs.`,
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
