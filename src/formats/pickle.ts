/**
 * Reads Python pickles as inert data. The machine supports only the instructions that build plain values. It looks globals up in
 * the caller's allow-list and refuses all others by name, so nothing in the file is ever executed.
 * Dictionaries become Maps, tuples and lists become arrays, and large integers become BigInts. The number of bytes and
 * instructions is limited, because a single byte can make an object, and an object can be referenced many times.
 * Source: pickletools.py of CPython.
 */
import { PermafrostError } from '#contract/errors';
import type { ByteSource } from './source.ts';

/** An allowed global. The instruction REDUCE runs `call`; a global without it can be referred to but not called. */
export interface Global {
  name: string;
  call?(args: unknown[]): unknown;
}
export interface PickleRules {
  /** Allowed globals by `module name`, e.g. `collections OrderedDict`. */
  globals: ReadonlyMap<string, Global>;
  /** Returns the object of a persistent id. */
  persistent(id: unknown): unknown;
}

const pickleError = (what: string): PermafrostError =>
  new PermafrostError('weights', `The pickle is invalid: ${what} Fetch or write it again, or use a safetensors file.`);

/** Reads a source forward from a position, through a window in memory. */
export class Cursor {
  at: number;
  /** Offset at which the current pickle has to end. */
  #end = Number.POSITIVE_INFINITY;
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(source: ByteSource, at = 0) {
    this.#source = source;
    this.at = at;
  }

  /** Limits the number of bytes that may be read from here on. */
  allow(length: number): void {
    this.#end = this.at + length;
  }

  bytes(length: number): Uint8Array {
    if (this.at + length > this.#end) throw pickleError(`it has more than ${largestPickle} bytes.`);
    if (this.at + length > this.#source.size)
      throw pickleError(
        `it is cut off: expected ${length} bytes at ${this.at}, but the file has ${this.#source.size}.`,
      );
    const from = this.at - this.#start;
    this.at += length;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    this.#start = this.at - length;
    const size = Math.max(length, Math.min(window, this.#source.size - this.#start));
    this.#window = this.#source.read(this.#start, size);
    return this.#window.subarray(0, length);
  }

  /** Skips bytes outside a pickle. */
  skip(length: number): void {
    this.allow(Number.POSITIVE_INFINITY);
    this.at += length;
  }

  view(length: number): DataView {
    const bytes = this.bytes(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  byte(): number {
    return this.bytes(1)[0];
  }

  /** Reads up to the next line feed, and skips that. */
  line(): string {
    const codes: number[] = [];
    for (let code = this.byte(); code !== 0x0a; code = this.byte()) {
      codes.push(code);
      if (codes.length > longestLine) throw pickleError(`it has a line of more than ${longestLine} bytes.`);
    }
    return text(Uint8Array.from(codes));
  }
}
/** In bytes. The pickle of GPT-2 XL has 60 kB; values of tensors are stored outside the pickle. */
export const largestPickle = 1 << 24;
/** A tensor takes about 40 instructions. An instruction that can make a dictionary counts as eight. */
const mostInstructions = 1_000_000;
const window = 1 << 16;
const longestLine = 1 << 16;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const mark = Symbol('mark');

class Machine {
  readonly stack: unknown[] = [];
  readonly memo = new Map<number, unknown>();
  readonly cursor: Cursor;
  readonly rules: PickleRules;

  constructor(cursor: Cursor, rules: PickleRules) {
    this.cursor = cursor;
    this.rules = rules;
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0 || this.stack.at(-1) === mark)
      throw pickleError('an instruction needs a value, but the stack is empty.');
    return this.stack.pop();
  }

  take(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Takes everything above the topmost mark. */
  marked(): unknown[] {
    const at = this.stack.lastIndexOf(mark);
    if (at < 0) throw pickleError('a mark is missing.');
    return this.stack.splice(at).slice(1);
  }

  top<T>(is: (value: unknown) => value is T, what: string): T {
    const value = this.stack.at(-1);
    if (is(value)) return value;
    throw pickleError(`an instruction expects ${what} on the stack.`);
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw pickleError(`it refers to the memo ${index}, which does not exist.`);
    this.push(this.memo.get(index));
  }

  put(index: number): void {
    this.memo.set(index, this.stack.at(-1));
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw pickleError('the name of a global is not text.');
    const found = this.rules.globals.get(`${module} ${name}`);
    if (!found)
      throw pickleError(
        `it refers to ${clipped(`${module}.${name}`)}, which weights do not need. Nothing was executed.`,
      );
    this.push(found);
  }

  call(): void {
    const [target, args] = this.take(2);
    const { name, call } = (target ?? {}) as Partial<Global>;
    if (!call || !Array.isArray(args)) throw pickleError(`it calls ${name ?? 'a value'}, which cannot be called.`);
    this.push(call(args));
  }
}

/** A short text for a value. Does not look into lists and objects, which may contain themselves. */
export function clipped(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isDict = (value: unknown): value is Map<unknown, unknown> => value instanceof Map;

function setItems(dict: Map<unknown, unknown>, items: unknown[]): void {
  if (items.length % 2) throw pickleError('a dictionary has a key without a value.');
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
}

/** Decodes a little-endian integer in two's complement. */
function long(bytes: Uint8Array): number | bigint {
  if (bytes.length > 128) throw pickleError(`it has an integer of ${bytes.length} bytes; expected at most 128.`);
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function decimal(line: string): number | bigint | boolean {
  if (line === '00' || line === '01') return line === '01';
  const digits = line.replace(/L$/, '');
  if (!/^-?\d{1,300}$/.test(digits)) throw pickleError(`"${line.slice(0, 40)}" is not an integer.`);
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);
}

const length32 = (m: Machine): number => m.cursor.view(4).getUint32(0, true);
const length64 = (m: Machine): number => Number(m.cursor.view(8).getBigUint64(0, true));
const char = (symbol: string): number => symbol.charCodeAt(0);

/** The effects of all instructions except STOP. */
const instructions = new Map<number, (m: Machine) => void>([
  [0x80, (m) => void m.cursor.byte()], // PROTO
  [0x95, (m) => void m.cursor.bytes(8)], // FRAME
  [char('('), (m) => m.push(mark)],
  [char('0'), (m) => void m.pop()],
  [char('1'), (m) => void m.marked()],
  [char('2'), (m) => m.push(m.stack.at(-1))],
  [char('N'), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [char('I'), (m) => m.push(decimal(m.cursor.line()))],
  [char('L'), (m) => m.push(decimal(m.cursor.line()))],
  [char('J'), (m) => m.push(m.cursor.view(4).getInt32(0, true))],
  [char('K'), (m) => m.push(m.cursor.byte())],
  [char('M'), (m) => m.push(m.cursor.view(2).getUint16(0, true))],
  [0x8a, (m) => m.push(long(m.cursor.bytes(m.cursor.byte())))], // LONG1
  [0x8b, (m) => m.push(long(m.cursor.bytes(length32(m))))], // LONG4
  [char('F'), (m) => m.push(Number(m.cursor.line()))],
  [char('G'), (m) => m.push(m.cursor.view(8).getFloat64(0))], // big-endian
  [char('X'), (m) => m.push(text(m.cursor.bytes(length32(m))))],
  [char('V'), (m) => m.push(m.cursor.line())],
  [0x8c, (m) => m.push(text(m.cursor.bytes(m.cursor.byte())))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(text(m.cursor.bytes(length64(m))))], // BINUNICODE8
  [char('U'), (m) => m.push(text(m.cursor.bytes(m.cursor.byte())))], // a string of Python 2
  [char('T'), (m) => m.push(text(m.cursor.bytes(length32(m))))],
  [char('C'), (m) => m.push(m.cursor.bytes(m.cursor.byte()).slice())],
  [char('B'), (m) => m.push(m.cursor.bytes(length32(m)).slice())],
  [0x8e, (m) => m.push(m.cursor.bytes(length64(m)).slice())], // BINBYTES8
  [char(']'), (m) => m.push([])],
  [char('l'), (m) => m.push(m.marked())],
  [char('a'), (m) => appendTo(m, [m.pop()])],
  [char('e'), (m) => appendTo(m, m.marked())],
  [char(')'), (m) => m.push([])],
  [char('t'), (m) => m.push(m.marked())],
  [0x85, (m) => m.push(m.take(1))],
  [0x86, (m) => m.push(m.take(2))],
  [0x87, (m) => m.push(m.take(3))],
  [char('}'), (m) => m.push(new Map())],
  [char('d'), (m) => setItems(dictOn(m), m.marked())],
  [char('s'), (m) => assignTo(m, m.take(2))],
  [char('u'), (m) => assignTo(m, m.marked())],
  [char('g'), (m) => m.get(Number(m.cursor.line()))],
  [char('h'), (m) => m.get(m.cursor.byte())],
  [char('j'), (m) => m.get(length32(m))],
  [char('p'), (m) => m.put(Number(m.cursor.line()))],
  [char('q'), (m) => m.put(m.cursor.byte())],
  [char('r'), (m) => m.put(length32(m))],
  [0x94, (m) => m.put(m.memo.size)], // MEMOIZE
  [char('c'), (m) => m.global(m.cursor.line(), m.cursor.line())],
  [0x93, (m) => m.global(...(m.take(2) as [unknown, unknown]))], // STACK_GLOBAL
  [char('R'), (m) => m.call()],
  [0x81, (m) => m.call()], // NEWOBJ
  [char('b'), build],
  [char('Q'), (m) => m.push(m.rules.persistent(m.pop()))],
  [char('P'), (m) => m.push(m.rules.persistent(m.cursor.line()))],
]);

function appendTo(m: Machine, items: unknown[]): void {
  const list = m.top(isList, 'a list');
  for (const item of items) list.push(item);
}
const assignTo = (m: Machine, items: unknown[]): void => setItems(m.top(isDict, 'a dictionary'), items);

/** Puts a new dictionary on the stack, below its items, for DICT. */
function dictOn(m: Machine): Map<unknown, unknown> {
  const dict = new Map();
  const at = m.stack.lastIndexOf(mark);
  if (at < 0) throw pickleError('a mark is missing.');
  m.stack.splice(at, 0, dict);
  return dict;
}

/** Drops the attributes of a dictionary, such as `_metadata` of a state dict. No other value may have attributes. */
function build(m: Machine): void {
  m.pop();
  m.top(isDict, 'a dictionary, which alone may have attributes,');
}

const stop = char('.');
const heavy = [char('}'), char('d'), char('R'), 0x81];

/** Reads the pickle at the cursor and moves the cursor after it. Throws `weights` if the pickle is damaged, or larger than weights need. */
export function unpickle(cursor: Cursor, rules: PickleRules): unknown {
  const machine = new Machine(cursor, rules);
  cursor.allow(largestPickle);
  for (let done = 0; ; ) {
    if (done > mostInstructions) throw pickleError(`it has more than ${mostInstructions} instructions.`);
    const code = cursor.byte();
    done += heavy.includes(code) ? 8 : 1;
    if (code === stop) return machine.pop();
    const instruction = instructions.get(code);
    if (!instruction)
      throw pickleError(`byte ${cursor.at - 1} (0x${code.toString(16)}) is not an instruction that builds weights.`);
    instruction(machine);
  }
}
