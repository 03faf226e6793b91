/** Reads ZIP archives, including zip64, through their central directory. Entries are stored or deflated, and checked by CRC-32. */
import CRC32 from 'crc-32';
import { Inflate } from 'fflate';
import { PermafrostError } from '#contract/errors';
import type { ByteSource } from './source.ts';

export interface ZipEntry {
  name: string;
  deflated: boolean;
  crc: number;
  /** Offset of the local header from the start of the file. */
  header: number;
  /** Number of bytes in the archive. */
  packed: number;
  /** Number of bytes of the content. */
  size: number;
}

const damaged = (what: string): PermafrostError =>
  new PermafrostError('weights', `The zip archive is invalid: ${what} Fetch or write it again.`);

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator: 0x07064b50 };
const pieces = { stored: 4 * 2 ** 20, deflated: 2 ** 14 }; // bytes read at once
const mostDeflate = 1032; // highest number of content bytes per packed byte
const largestDirectory = 16 * 2 ** 20; // bytes; enough for a quarter of a million entries

const viewOf = (source: ByteSource, offset: number, length: number): DataView => {
  if (offset < 0 || offset + length > source.size)
    throw damaged(`its directory points to bytes ${offset}–${offset + length}, but the file has ${source.size}.`);
  const bytes = source.read(offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
};
const big = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

export const isZip = (source: ByteSource): boolean =>
  source.size >= 4 && viewOf(source, 0, 4).getUint32(0, true) === signatures.local;

/** The entries by name. Throws `weights` if the archive is cut off, encrypted, or packed in an unsupported way. */
export function readZip(source: ByteSource): Map<string, ZipEntry> {
  const { count, offset, length } = findDirectory(source);
  if (length > largestDirectory)
    throw damaged(`its directory should have ${length} bytes; expected at most ${largestDirectory}.`);
  const view = viewOf(source, offset, length);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || view.getUint32(at, true) !== signatures.central)
      throw damaged(`its directory should have ${count} entries, but ends after ${i}.`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > length) throw damaged(`entry ${i} of its directory reaches past the end.`);
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength));
    if (entries.has(name)) throw damaged(`it has two entries named ${name}.`);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    if (flags & 1) throw damaged(`${name} is encrypted.`);
    if (method !== 0 && method !== 8)
      throw damaged(`${name} is packed by method ${method}; supported: stored (0) and deflate (8).`);
    const sizes = {
      size: view.getUint32(at + 24, true),
      packed: view.getUint32(at + 20, true),
      header: view.getUint32(at + 42, true),
    };
    widen(view, at + 46 + nameLength, extraLength, sizes);
    const entry = { name, deflated: method === 8, crc: view.getUint32(at + 16, true), ...sizes };
    if (entry.size > (entry.deflated ? mostDeflate * (entry.packed + 64) : entry.packed))
      throw damaged(`${name} claims to unpack ${entry.packed} bytes to ${entry.size}, which is impossible.`);
    entries.set(name, entry);
    at = end;
  }
  return entries;
}

/** Reads sizes that do not fit in 32 bits. If a field is all ones, its value is in the zip64 extra field, in this order. */
function widen(view: DataView, at: number, length: number, sizes: Pick<ZipEntry, 'size' | 'packed' | 'header'>): void {
  for (let i = at; i + 4 <= at + length; i += 4 + view.getUint16(i + 2, true)) {
    if (view.getUint16(i, true) !== 1) continue;
    let field = i + 4;
    for (const key of ['size', 'packed', 'header'] as const) {
      if (sizes[key] !== 0xffffffff) continue;
      if (field + 8 > at + length) throw damaged('a zip64 field is cut off.');
      sizes[key] = big(view, field);
      field += 8;
    }
  }
}

function findDirectory(source: ByteSource): { count: number; offset: number; length: number } {
  const tail = Math.min(source.size, 22 + 0xffff);
  const from = source.size - tail;
  const view = viewOf(source, from, tail);
  let at = tail - 22;
  while (at >= 0 && view.getUint32(at, true) !== signatures.end) at--;
  if (at < 0) throw damaged('it has no directory at its end, so it is cut off.');
  const found = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  if (at < 20 || view.getUint32(at - 20, true) !== signatures.locator) return found;
  const end = viewOf(source, big(view, at - 12), 56);
  if (end.getUint32(0, true) !== signatures.end64) throw damaged('its zip64 directory is not where it should be.');
  return { count: big(end, 32), length: big(end, 40), offset: big(end, 48) };
}

/** The place of an entry's packed bytes in the file. */
export function entryPlace(source: ByteSource, { name, header, packed }: ZipEntry): { offset: number; length: number } {
  const view = viewOf(source, header, 30);
  if (view.getUint32(0, true) !== signatures.local) throw damaged(`${name} is not where the directory says.`);
  const offset = header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + packed > source.size) throw damaged(`${name} reaches past the end of the file.`);
  return { offset, length: packed };
}

/** The content of an entry in pieces. Throws if it becomes longer than the directory says, and at the end if length or CRC-32 differ. */
export function* entryChunks(source: ByteSource, entry: ZipEntry): Generator<Uint8Array> {
  const { offset, length } = entryPlace(source, entry);
  const unpack = entry.deflated ? inflater(entry.name) : (bytes: Uint8Array) => [bytes];
  const step = entry.deflated ? pieces.deflated : pieces.stored;
  let [crc, size] = [0, 0];
  for (let at = 0; at < length; at += step) {
    const part = source.read(offset + at, Math.min(step, length - at));
    for (const bytes of unpack(part, at + step >= length)) {
      size += bytes.length;
      if (size > entry.size) throw damaged(`${entry.name} should have ${entry.size} bytes, but has more.`);
      crc = CRC32.buf(bytes, crc);
      yield bytes;
    }
  }
  if (size !== entry.size) throw damaged(`${entry.name} should have ${entry.size} bytes, but has ${size}.`);
  if (crc >>> 0 !== entry.crc)
    throw damaged(`the checksum (CRC-32) of ${entry.name} is wrong, so the file is damaged.`);
}

function inflater(name: string): (bytes: Uint8Array, last: boolean) => Uint8Array[] {
  let out: Uint8Array[] = [];
  const stream = new Inflate((bytes) => out.push(bytes));
  return (bytes, last) => {
    out = [];
    try {
      stream.push(bytes, last);
    } catch (cause) {
      throw damaged(`${name} cannot be inflated (${(cause as Error).message}).`);
    }
    return out;
  };
}

/** The whole content of an entry. If it has more than `most` bytes, throws without reading it. */
export function entryBytes(source: ByteSource, entry: ZipEntry, most: number): Uint8Array {
  if (entry.size > most) throw damaged(`${entry.name} has ${entry.size} bytes; expected at most ${most}.`);
  const bytes = new Uint8Array(entry.size);
  let at = 0;
  for (const chunk of entryChunks(source, entry)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
