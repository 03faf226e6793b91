/**
 * WAV (RIFF) files of 16-bit PCM sound with one channel. Chunks other than `fmt ` and `data` are skipped. Files with several
 * channels are refused, since it is not clear which one is meant.
 */
import { PermafrostError } from '#contract/errors';
import type { ByteSource } from './source.ts';

export interface Sound {
  /** Samples per second. */
  rate: number;
  samples: Int16Array;
}

const pcm = 1;
const extensible = 0xfffe; // its sub-format, at byte 24 of `fmt `, is the real one

/** Reads the sound of a file. Throws `data` with `name`, what was expected and what was found. */
export function readWav(source: ByteSource, name: string): Sound {
  const fail = (what: string) => new PermafrostError('data', `${name}: ${what} Get the file again.`);
  if (source.size < 12) throw fail(`expected a RIFF header of 12 bytes; the file has ${source.size}.`);
  const header = source.read(0, 12);
  if (text(header, 0) !== 'RIFF' || text(header, 8) !== 'WAVE')
    throw fail(`expected RIFF … WAVE; found ${JSON.stringify(`${text(header, 0)} … ${text(header, 8)}`)}.`);
  let rate: number | null = null;
  for (let at = 12; at + 8 <= source.size; ) {
    const chunk = source.read(at, 8);
    const [kind, length] = [text(chunk, 0), view(chunk).getUint32(4, true)];
    const start = at + 8;
    if (start + length > source.size)
      throw fail(
        `its chunk "${kind}" should have ${length} bytes; only ${source.size - start} are left, so the file is cut off.`,
      );
    if (kind === 'fmt ') rate = readFormat(source.read(start, Math.min(length, 40)), fail);
    if (kind === 'data') {
      if (rate === null) throw fail('its sound comes before its format.');
      if (length % 2 !== 0) throw fail(`its sound has ${length} bytes, which is not a whole number of 16-bit samples.`);
      return { rate, samples: decode(source.read(start, length)) };
    }
    at = start + length + (length % 2); // chunks begin at even bytes
  }
  throw fail('it has no chunk "data".');
}

function readFormat(bytes: Uint8Array, fail: (what: string) => PermafrostError): number {
  if (bytes.length < 16) throw fail(`expected a format of 16 bytes; found ${bytes.length}.`);
  const format = view(bytes);
  const tag = format.getUint16(0, true);
  const kind = tag === extensible && bytes.length >= 26 ? format.getUint16(24, true) : tag;
  const [channels, rate, bits] = [format.getUint16(2, true), format.getUint32(4, true), format.getUint16(14, true)];
  if (kind === pcm && channels === 1 && bits === 16 && rate > 0) return rate;
  throw fail(
    `expected one channel of 16-bit PCM; found format ${kind}, ${channels} channels, ${bits} bits, ${rate} samples per second.`,
  );
}

/** Decodes little-endian samples, whatever the machine's byte order and the alignment. */
function decode(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
  return samples;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const text = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
