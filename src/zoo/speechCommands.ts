/**
 * The data set Speech Commands v0.02: 105,829 WAV files in one archive, which is streamed once. The decoded form has the length
 * and the 16-bit samples of each clip; tasks compute their inputs from these. The test split is testing_list.txt. As in the
 * reference, the training split consists of clips that are in neither list.
 */
import { PermafrostError } from '#contract/errors';
import { bytesSource } from '#formats/source';
import { readWav } from '#formats/wav';
import { recordedLength, recordWidth, speechWords } from '#tasks/speechCommands';
import { archivedFiles } from './archive.ts';
import type { DecodedRow } from './dataset.ts';

const archive = 'speech_commands_v0.02.tar.gz';
const lists = { validation: 'validation_list.txt', testing: 'testing_list.txt' };
const rate = 16000;
const officialClips = 105_829;
const mostClips = 2 * officialClips; // decoded, each takes 32 kB, however small its file
const most = { clip: 2 ** 20, list: 2 ** 24, archive: 2 ** 34 }; // bytes; a clip has 32 kB, the lists 400 kB
const isClip = ([word, file]: string[]) => speechWords.includes(word) && file?.endsWith('.wav') === true; // leaves out noise and README.md

export const speechCommandsDataset: DecodedRow = {
  name: 'speech-commands',
  title: 'Speech Commands v0.02',
  licence: 'CC BY 4.0, P. Warden, Google',
  page: 'https://www.tensorflow.org/datasets/catalog/speech_commands',
  files: [
    {
      name: archive,
      url: `https://storage.googleapis.com/download.tensorflow.org/data/${archive}`,
      bytes: 2_428_923_189,
      sha256: 'af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58',
    },
  ],
  unpacked: [lists.testing],
  testCounts: null,
  layout: { type: 'i16', width: recordWidth },
  version: 2,

  async decode(folder, writer, { onProgress, signal }) {
    const paths: string[] = [];
    const listed: Record<string, Set<string>> = {};
    const record = new Int16Array(recordWidth);
    const selection = {
      most: (path: string) =>
        Object.values(lists).includes(path) ? most.list : isClip(path.split('/')) ? most.clip : null,
      total: most.archive,
      signal,
    };
    for await (const { path, bytes } of archivedFiles(folder, archive, selection)) {
      signal?.throwIfAborted();
      if (Object.values(lists).includes(path)) {
        listed[path] = readList(bytes);
        continue;
      }
      if (paths.length === mostClips)
        throw new PermafrostError(
          'data',
          `${folder}: expected ${officialClips} clips; found more than ${mostClips}. Get the data again.`,
        );
      const sound = readWav(bytesSource(bytes), path);
      if (sound.rate !== rate)
        throw new PermafrostError(
          'data',
          `${path}: expected ${rate} samples per second; found ${sound.rate}. Get the data again.`,
        );
      const samples = sound.samples.subarray(0, recordedLength);
      record.fill(0);
      record[0] = samples.length;
      record.set(samples, 1);
      writer.add(record, speechWords.indexOf(path.split('/')[0]));
      paths.push(path);
      if (paths.length % 500 === 0) onProgress?.(paths.length, officialClips, 'clips');
    }
    for (const list of Object.values(lists)) {
      if (listed[list]) continue;
      throw new PermafrostError(
        'data',
        `${folder}: ${list} is missing, which lists the clips of a split. Get the data again.`,
      );
    }
    const rows = (keep: (path: string) => boolean) => paths.flatMap((path, row) => (keep(path) ? [row] : []));
    const [validation, testing] = [listed[lists.validation], listed[lists.testing]];
    onProgress?.(paths.length, paths.length, 'clips');
    return {
      train: rows((path) => !validation.has(path) && !testing.has(path)),
      test: rows((path) => testing.has(path)),
    };
  },
};

const readList = (bytes: Uint8Array): Set<string> =>
  new Set(
    new TextDecoder()
      .decode(bytes)
      .split(/\r?\n/)
      .filter((line) => line !== ''),
  );
