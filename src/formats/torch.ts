/**
 * Files of torch.save, in the zip format (since torch 1.6) or the legacy one. Tensors are views (offset, strides) of storages,
 * which several tensors may share. Only the pickle is read until a tensor's bytes are requested.
 * Source: torch/serialization.py and torch/_utils.py of PyTorch 1.13 and 2.
 */
import { PermafrostError } from '#contract/errors';
import { elementsOf, type StoredArray } from './array.ts';
import { Cursor, clipped, type Global, largestPickle, unpickle } from './pickle.ts';
import { bytesPerElement, type SafetensorsType } from './safetensors.ts';
import { type ByteSource, bytesSource } from './source.ts';
import { entryBytes, entryChunks, entryPlace, readZip, type ZipEntry } from './zip.ts';

const damaged = (what: string): PermafrostError =>
  new PermafrostError(
    'weights',
    `The PyTorch file is invalid: ${what} Fetch or write it again, or use a safetensors file.`,
  );

/** Consecutive elements of one type somewhere in the file. */
interface Storage {
  key: string;
  dtype: SafetensorsType;
  elements: number;
  /** Offset in the file. In legacy files it is known only after all storages have been read. */
  offset: number;
  /** Throws if the checksum is wrong. Computes it only once. */
  check(): void;
}

interface Tensor {
  storage: Storage;
  /** Offset in the storage, in elements. */
  offset: number;
  shape: number[];
  strides: number[];
}
class TensorView implements Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: number[];
  readonly strides: number[];
  constructor(storage: Storage, offset: number, shape: number[], strides: number[]) {
    [this.storage, this.offset, this.shape, this.strides] = [storage, offset, shape, strides];
  }
}

const storageTypes: Record<string, SafetensorsType> = {
  ...{ Float: 'F32', Half: 'F16', BFloat16: 'BF16', Double: 'F64' },
  ...{ Long: 'I64', Int: 'I32', Short: 'I16', Char: 'I8', Byte: 'U8', Bool: 'BOOL' },
};
interface StorageType extends Global {
  dtype: SafetensorsType;
}

const first = ([value]: unknown[]): unknown => value;
/** All globals that a file of weights may refer to. */
const globals: ReadonlyMap<string, Global> = new Map<string, Global>(
  [
    { name: 'collections OrderedDict', call: orderedDict },
    { name: 'torch._utils _rebuild_tensor', call: rebuildTensor },
    { name: 'torch._utils _rebuild_tensor_v2', call: rebuildTensor },
    { name: 'torch._utils _rebuild_parameter', call: first },
    { name: 'torch._utils _rebuild_parameter_with_state', call: first },
    { name: 'torch Size', call: first },
    { name: 'torch device', call: first },
    ...Object.entries(storageTypes).map(([name, dtype]): StorageType => ({ name: `torch ${name}Storage`, dtype })),
  ].map((global) => [global.name, global]),
);

function orderedDict([pairs = []]: unknown[]): Map<unknown, unknown> {
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw damaged('an OrderedDict has items that are not pairs.');
  return new Map(pairs as [unknown, unknown][]);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);

const mostAxes = 64; // PyTorch's own limit
const numbers = (part: unknown): string =>
  Array.isArray(part) ? `[${part.slice(0, 8).map(clipped)}${part.length > 8 ? '…' : ''}]` : `[${clipped(part)}]`;

function rebuildTensor([storage, offset, shape, strides]: unknown[]): TensorView {
  if (!(storage as Storage | null)?.check) throw damaged('a tensor has no storage.');
  const isShape = isCounts(shape) && isCounts(strides) && shape.length === strides.length && shape.length <= mostAxes;
  if (!isCount(offset) || !isShape) {
    const found = [offset, shape, strides].map(numbers).join(', ');
    throw damaged(
      `a tensor has offset, shape and strides ${found}; expected whole numbers from 0, and as many strides as axes.`,
    );
  }
  return new TensorView(storage as Storage, offset, shape, strides);
}

/** Reads the tensors of a file by name. Keys of nested dictionaries and lists are joined with dots. Throws `weights`. */
export function readTorch(source: ByteSource, zip: boolean): Map<string, StoredArray> {
  const root = zip ? openZip(source) : openLegacy(source);
  const tensors = new Map<string, StoredArray>();
  for (const [name, tensor] of namedTensors(root)) {
    checkBounds(name, tensor);
    tensors.set(name, storedArray(source, tensor));
  }
  if (tensors.size === 0) throw damaged('it has no tensors.');
  return tensors;
}

function openZip(source: ByteSource): unknown {
  const entries = readZip(source);
  const pickle = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (!pickle) throw damaged('the archive has no data.pkl.');
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) throw damaged('it is a TorchScript program, not a file of weights.');
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(entryBytes(source, order, 16)) !== 'little')
    throw damaged('it was written on a big-endian machine.');
  const storages = new Map<string, Storage>();
  const persistent = (id: unknown) => {
    const { dtype, key, elements } = storageId(id);
    const known = storages.get(`${key} ${dtype}`);
    if (known) return known;
    const entry = entries.get(`${folder}data/${key}`);
    if (!entry) throw damaged(`the storage data/${key} is missing.`);
    const storage = zipStorage(source, entry, { key, dtype, elements });
    storages.set(`${key} ${dtype}`, storage);
    return storage;
  };
  const bytes = entryBytes(source, entries.get(pickle)!, largestPickle);
  return unpickle(new Cursor(bytesSource(bytes)), { globals, persistent });
}

function zipStorage(source: ByteSource, entry: ZipEntry, id: Pick<Storage, 'key' | 'dtype' | 'elements'>): Storage {
  const needed = id.elements * bytesPerElement[id.dtype];
  if (entry.deflated || entry.size < needed)
    throw damaged(`the storage data/${id.key} should have ${needed} bytes, but has ${entry.size}.`);
  let checked = false;
  const check = () => {
    if (checked) return;
    for (const _ of entryChunks(source, entry)); // the checksum is compared at the end
    checked = true;
  };
  return { ...id, offset: entryPlace(source, entry).offset, check };
}

const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;

function openLegacy(source: ByteSource): unknown {
  const cursor = new Cursor(source);
  const plain = { globals: new Map(), persistent: () => null };
  const foreign = (cause: unknown) =>
    damaged(
      `it begins like neither a zip nor a PyTorch pickle (${JSON.stringify(beginning(source))}; ${(cause as Error).message})`,
    );
  let found: unknown;
  try {
    found = unpickle(cursor, plain);
  } catch (cause) {
    throw foreign(cause);
  }
  if (found !== magic) throw damaged(`its magic number is ${clipped(found)}; expected ${magic}.`);
  const version = unpickle(cursor, plain);
  if (version !== protocol) throw damaged(`its format version is ${clipped(version)}; expected ${protocol}.`);
  const system = unpickle(cursor, plain);
  if (!(system instanceof Map) || system.get('little_endian') !== true)
    throw damaged('it was written on a big-endian machine.');

  const roots = new Map<string, Storage>();
  const views: (Storage & { root: Storage; shift: number })[] = [];
  const check = () => {};
  const persistent = (id: unknown) => {
    const { dtype, key, elements, view } = storageId(id);
    let root = roots.get(key);
    if (!root) {
      root = { key, dtype, elements, offset: -1, check };
      roots.set(key, root);
    }
    if (view === null) return root;
    const part = { key, dtype, elements: view.elements, offset: -1, check, root, shift: view.shift };
    if (view.shift + view.elements > root.elements) throw damaged(`a view of storage ${key} reaches past its end.`);
    views.push(part);
    return part;
  };
  const value = unpickle(cursor, { globals, persistent });
  const keys = unpickle(cursor, plain);
  if (!Array.isArray(keys)) throw damaged('its list of storages is not a list.');
  for (const key of keys) {
    const root = typeof key === 'string' ? roots.get(key) : undefined;
    if (!root) throw damaged(`it lists a storage ${clipped(key)} that no tensor uses.`);
    cursor.allow(8);
    const elements = Number(cursor.view(8).getBigInt64(0, true));
    if (elements !== root.elements)
      throw damaged(`storage ${key} has ${elements} elements, expected ${root.elements}.`);
    root.offset = cursor.at;
    cursor.skip(elements * bytesPerElement[root.dtype]);
    if (cursor.at > source.size)
      throw damaged(`it is cut off: storage ${key} ends at byte ${cursor.at}, but the file has ${source.size}.`);
  }
  for (const { key, offset } of roots.values()) if (offset < 0) throw damaged(`the storage ${key} is missing.`);
  for (const view of views) view.offset = view.root.offset + view.shift * bytesPerElement[view.dtype];
  return value;
}

/** The first readable characters, e.g. of a git-lfs pointer or an HTML page. */
const beginning = (source: ByteSource): string =>
  new TextDecoder()
    .decode(source.read(0, Math.min(40, source.size)))
    .replace(/[^ -~]+/g, ' ')
    .trim();

/** ('storage', type, key, location, elements[, (view key, offset, elements) or None]) */
function storageId(id: unknown): {
  dtype: SafetensorsType;
  key: string;
  elements: number;
  view: { shift: number; elements: number } | null;
} {
  if (!Array.isArray(id) || id[0] !== 'storage') throw damaged('it refers to something that is not a storage.');
  const [, type, key, , elements, view = null] = id;
  const { dtype } = (type ?? {}) as Partial<StorageType>;
  if (typeof key !== 'string' || !/^[\w.-]{1,200}$/.test(key))
    throw damaged(`a storage has the invalid key ${clipped(key)}.`);
  if (!dtype) throw damaged(`storage ${key} has no supported type.`);
  if (!isCount(elements)) throw damaged(`storage ${key} has ${clipped(elements)} elements; expected a whole number.`);
  if (view === null) return { dtype, key, elements, view };
  if (!Array.isArray(view) || !isCount(view[1]) || !isCount(view[2]))
    throw damaged(`a view of storage ${key} is damaged.`);
  return { dtype, key, elements, view: { shift: view[1], elements: view[2] } };
}

const mostNames = 100_000;
const longestName = 1000;

function* namedTensors(root: unknown): Generator<[string, TensorView]> {
  let visited = 0;
  function* walk(value: unknown, name: string, depth: number): Generator<[string, TensorView]> {
    if (++visited > mostNames || depth > 16) throw damaged('its dictionaries are nested too deeply.');
    if (value instanceof TensorView) yield [name, value];
    const items = value instanceof Map || Array.isArray(value) ? value.entries() : [];
    for (const [key, item] of items) {
      if (typeof item !== 'object' || item === null) continue;
      const inner = name === '' ? clipped(key) : `${name}.${clipped(key)}`;
      if (inner.length > longestName) throw damaged(`a name has ${inner.length} characters.`);
      yield* walk(item, inner, depth + 1);
    }
  }
  yield* walk(root, '', 0);
}

function checkBounds(name: string, { storage, offset, shape, strides }: Tensor): void {
  if (!Number.isSafeInteger(elementsOf(shape))) throw damaged(`${name} has the impossible shape [${shape}].`);
  if (elementsOf(shape) === 0) return;
  const end = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], offset) + 1;
  if (end > storage.elements)
    throw damaged(`${name} reaches to element ${end - 1} of storage ${storage.key}, which has ${storage.elements}.`);
}

const pieces = 1 << 20; // elements at once

function storedArray(source: ByteSource, tensor: Tensor): StoredArray {
  const { storage, shape } = tensor;
  return {
    dtype: storage.dtype,
    shape,
    place: null, // so that a run converts the file, and checksums are compared only once
    check: storage.check,
    *chunks() {
      storage.check();
      yield* isContiguous(tensor) ? straight(source, tensor) : gathered(source, tensor);
    },
  };
}

function isContiguous({ shape, strides }: Tensor): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i];
  }
  return true;
}

function* straight(source: ByteSource, { storage, offset, shape }: Tensor): Generator<Uint8Array> {
  const [width, total] = [bytesPerElement[storage.dtype], elementsOf(shape)];
  for (let at = 0; at < total; at += pieces) {
    const count = Math.min(pieces, total - at);
    yield source.read(storage.offset + (offset + at) * width, count * width);
  }
}

const words = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** The elements of a strided view in row-major order. Their part of the storage is in memory meanwhile. */
function* gathered(source: ByteSource, { storage, offset, shape, strides }: Tensor): Generator<Uint8Array> {
  const total = elementsOf(shape);
  if (total === 0) return;
  const width = bytesPerElement[storage.dtype];
  const extent = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], 1);
  const bytes = new Uint8Array(source.read(storage.offset + offset * width, extent * width)); // a copy is aligned
  const Words = words[width];
  const from = new Words(bytes.buffer);
  const index = shape.map(() => 0);
  let position = 0;
  for (let at = 0; at < total; at += pieces) {
    const to = new Words(Math.min(pieces, total - at));
    for (let i = 0; i < to.length; i++) {
      to[i] = from[position];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        position += strides[axis];
        if (++index[axis] < shape[axis]) break;
        position -= shape[axis] * strides[axis];
        index[axis] = 0;
      }
    }
    yield new Uint8Array(to.buffer);
  }
}
