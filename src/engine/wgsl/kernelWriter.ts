/**
 * Writes the WGSL of one kernel. It loads values that another kernel has stored, and computes all others where they are needed,
 * once for each index.
 *
 * All memory is arrays of u32 ("blocks"), in which a value starts at an offset that is a parameter of the kernel ("slot").
 * So layers that do the same share one pipeline.
 */
import { type Node, nodeOf, splatOf, type Value } from '../graph.ts';
import type { CodeWriter } from './codeWriter.ts';
import { expressions, functions, literalOf, wgslType } from './elementwise.ts';
import { gathers } from './gathers.ts';
import { indexBelow, viewOf } from './views.ts';

/** The place of a stored value. */
export interface Place {
  /** Name of the buffer. */
  block: string;
  /** First element. */
  offset: number;
}

export interface KernelContext {
  /** Values that some kernel writes to memory. */
  stored: ReadonlySet<Value>;
  /** The block of a stored value, an input, a constant or a frozen value. */
  blockOf(v: Value): string;
}

export interface BlockUse {
  block: string;
  writes: boolean;
}

export interface Kernel {
  /** The kernel's operators, for display. */
  label: string;
  /** The kernel alone: its parameters are a uniform. */
  code: string;
  /** The same for several kernels at once, whose parameters are in a table. Null if the kernel cannot be one of several. */
  batched: string | null;
  /** Buffers, in order of their bindings. */
  blocks: readonly BlockUse[];
  /** Parameters: number of elements, then the offset of each slot. */
  size: number;
  slots: readonly Slot[];
  workgroups: readonly [x: number, y: number, z: number];
}
/** A value, and the distance from its start. */
export interface Slot {
  value: Value;
  shift: number;
}

/** Most workgroups along one axis that WebGPU guarantees. */
export const widest = 65535;
/** Workgroups in a row, as a grid. Their number is `wid.x + wid.y * 65535u`; some are too many. */
export const gridOf = (count: number): Kernel['workgroups'] => [Math.min(count, widest), Math.ceil(count / widest), 1];

/** Words of a kernel's parameters before the offsets of its slots. */
export const firstSlot = 2;

export class KernelWriter implements CodeWriter {
  readonly #context: KernelContext;
  /** Values that this kernel computes, though it may store them too. */
  readonly #own: ReadonlySet<Value>;
  #body: string[] = [];
  #declarations: string[] = [];
  #directives: string[] = [];
  #scopes: Map<string, string>[] = [new Map()];
  #slots: Slot[] = [];
  #blocks = new Map<string, { name: string; writes: boolean }>();
  #vectors = new Set<string>();
  #names = 0;

  constructor(context: KernelContext, own: ReadonlySet<Value>) {
    this.#context = context;
    this.#own = own;
  }

  line(text: string): void {
    this.#body.push(`${'  '.repeat(this.#scopes.length)}${text}`);
  }
  inside(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.#scopes.push(new Map());
    body();
    this.#scopes.pop();
    this.line('}');
  }
  /** Adds a directive, such as `enable f16;`. */
  enable(directive: string): void {
    this.#directives.push(directive);
  }
  /** Adds text outside the kernel's main function, unless it is already there. */
  declare(text: string): void {
    if (!this.#declarations.includes(text)) this.#declarations.push(text);
  }
  /** Declares a function that the kernel calls. Its body can use only values that it computes itself. */
  define(head: string, body: () => void): void {
    const [lines, scopes] = [this.#body, this.#scopes];
    [this.#body, this.#scopes] = [[], [new Map()]];
    body();
    this.declare([`${head} {`, ...this.#body, '}'].join('\n'));
    [this.#body, this.#scopes] = [lines, scopes];
  }
  name(prefix: string): string {
    return `${prefix}_${this.#names++}`; // not i32, which is a type
  }
  named(expression: string, prefix = 'i'): string {
    if (/^\w+$/.test(expression)) return expression;
    const known = this.#recall(expression);
    if (known) return known;
    const name = this.name(prefix);
    this.line(`let ${name} = ${expression};`);
    this.#scopes.at(-1)!.set(expression, name);
    return name;
  }
  #recall(key: string): string | undefined {
    for (let k = this.#scopes.length - 1; k >= 0; k--) {
      const found = this.#scopes[k].get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Records that a name stands for an expression. */
  alias(expression: string, name: string): void {
    this.#scopes.at(-1)!.set(expression, name);
  }
  /** Records that element `i` of a value is `expression`. */
  give(v: Value, i: string, expression: string): void {
    this.#scopes.at(-1)!.set(`${v.id}@${i}`, expression);
  }

  element(v: Value, i: string, shape: readonly number[] = v.shape): string {
    const { root, layouts } = viewOf(v, shape);
    const index = layouts.reduceRight((at, layout) => this.named(indexBelow(layout, at)), i);
    return this.#rootElement(root, index);
  }

  #rootElement(v: Value, i: string): string {
    const number = splatOf(v);
    if (number !== undefined) return literalOf(number, v.dtype);
    const key = `${v.id}@${i}`;
    const known = this.#recall(key);
    if (known !== undefined) return known;
    const node = nodeOf(v);
    const isLoaded = !node || (this.#context.stored.has(v) && !this.#own.has(v));
    const name = this.name('v');
    const expression = isLoaded ? this.load(v, i) : this.#computed(node, v, i);
    this.line(`let ${name} = ${expression};`);
    this.#scopes.at(-1)!.set(key, name);
    return name;
  }

  #computed(node: Node, v: Value, i: string): string {
    const gather = gathers[node.op];
    if (gather) return gather.write(this, node, v, i);
    if (node.op === 'Cast') return `${wgslType[v.dtype]}(${this.element(node.inputs[0], i, v.shape)})`;
    const expression = expressions[node.op];
    if (!expression) throw new Error(`internal: ${node.op} is not computed element by element`);
    return expression(...node.inputs.map((operand) => this.element(operand, i, v.shape)));
  }

  /** Makes the kernel read a block four values at a time. Call it before anything in the block is read. */
  readVectors(v: Value): void {
    this.#vectors.add(this.#context.blockOf(v));
  }
  load(v: Value, i: string): string {
    return fromWord(this.#word(v, `${this.slot(v)} + ${i}`, false), v);
  }
  /** Four elements from `i` on, which is a multiple of 4. */
  vectorAt(v: Value, i: string): string {
    return `bitcast<vec4f>(${this.#block(v, false)}[(${this.slot(v)} + ${i}) >> 2u])`;
  }
  /** Writes element `shift + i`. */
  store(v: Value, i: string, expression: string, shift = 0): void {
    this.line(`${this.#word(v, `${this.slot(v, shift)} + ${i}`, true)} = ${toWord(expression, v)};`);
  }
  isStored(v: Value): boolean {
    return this.#context.stored.has(v);
  }

  /** Name of the offset of a value, `shift` elements after its start. */
  slot(value: Value, shift = 0): string {
    const known = this.#slots.findIndex((slot) => slot.value === value && slot.shift === shift);
    if (known >= 0) return `s${known}`;
    this.#slots.push({ value, shift });
    return `s${this.#slots.length - 1}`;
  }
  #block(v: Value, writes: boolean): string {
    const block = this.#context.blockOf(v);
    const use = this.#blocks.get(block) ?? { name: `b${this.#blocks.size}`, writes: false };
    use.writes ||= writes;
    this.#blocks.set(block, use);
    return use.name;
  }
  #word(v: Value, index: string, writes: boolean): string {
    const name = this.#block(v, writes);
    if (!this.#vectors.has(this.#context.blockOf(v))) return `${name}[${index}]`;
    return `${name}[(${index}) >> 2u][(${index}) & 3u]`;
  }

  /** The finished kernel. `size` is a parameter of its own; code that is the same with any can be batched. */
  finish(options: {
    label: string;
    workgroupSize: number;
    workgroups: Kernel['workgroups'];
    size?: number;
    batches?: boolean;
  }): Kernel {
    const { label, workgroupSize, workgroups, size = 0, batches = false } = options;
    const words = firstSlot + this.#slots.length;
    const body = this.#body.join('\n');
    const declarations = this.#declarations.join('\n');
    const text = `${declarations}\n${body}`;
    const called = Object.entries(functions).filter(([name]) => new RegExp(`\\b${name}\\(`).test(text));
    const blocks = [...this.#blocks].map(([block, { name, writes }]) => ({ block, name, writes }));
    const binding = (name: string, k: number, access: string, vector = false) =>
      `@group(0) @binding(${k}) var<storage, ${access}> ${name}: array<${vector ? 'vec4u' : 'u32'}>;`;
    const bindings = blocks.map(({ block, name, writes }, k) =>
      binding(name, k + 1, writes ? 'read_write' : 'read', this.#vectors.has(block)),
    );
    const module = (bound: string[], parameter: (word: number) => string, first: string[] = []) =>
      [
        ...this.#directives,
        ...bound,
        ...bindings,
        ...['size', 'first', ...this.#slots.map((_, k) => `s${k}`)].map((name) => `var<private> ${name}: u32;`),
        ...called.map(([, source]) => source),
        declarations,
        `@compute @workgroup_size(${workgroupSize})`,
        'fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32) {',
        `  let group = wid.x + wid.y * ${widest}u;`,
        ...first,
        `  size = ${parameter(0)};`,
        `  first = ${parameter(1)};`,
        ...this.#slots.map((_, k) => `  s${k} = ${parameter(firstSlot + k)};`),
        body,
        '}',
      ].join('\n');
    const uniform = (words: number) =>
      `@group(0) @binding(0) var<uniform> parameters: array<vec4u, ${Math.ceil(words / 4)}>;`;
    return {
      label,
      code: module([uniform(words)], (word) => `parameters[${word >> 2}][${word & 3}]`),
      batched: batches
        ? module([uniform(3), binding('table', bindings.length + 1, 'read')], (word) => `table[at + ${word}u]`, [
            '  if (group >= parameters[0][2]) { return; }',
            `  let at = parameters[0][1] + table[parameters[0][0] + group] * ${words}u;`,
          ])
        : null,
      blocks: blocks.map(({ block, writes }) => ({ block, writes })),
      size,
      slots: this.#slots,
      workgroups,
    };
  }
}

const fromWord = (word: string, { dtype }: Value): string =>
  dtype === 'bool' ? `(${word} != 0u)` : `bitcast<${wgslType[dtype]}>(${word})`;
const toWord = (expression: string, { dtype }: Value): string =>
  dtype === 'bool' ? `select(0u, 1u, ${expression})` : `bitcast<u32>(${expression})`;
