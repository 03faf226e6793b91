/** Short names of a sample's tokens, for the axes of an attention map. Pure. */
import type { DataSamples } from '#contract/data';
import type { Task, TaskShape } from '#tasks/task';

/** Tokens that some bodies put before a sample's own. */
const special = ['class', 'distillation'];
const longest = 12;

/** Names of the body's `t` tokens: bits, symbols, atoms, positions of patches, or numbers. */
export function tokenNames(task: Task, data: DataSamples, { embedding, inputDim }: TaskShape, t: number): string[] {
  const [{ x }] = data.samples;
  const width = embedding ? 1 : inputDim;
  const count = x.length / width;
  if (count > t || count + special.length < t) return [...special, ...places(t - special.length)]; // the network cuts the sample itself
  const own = Array.from({ length: count }, (_, i) => {
    const values = x.slice(i * width, (i + 1) * width);
    return task.tokenName?.(values) ?? names[data.kind](data, values, i);
  });
  return [...special.slice(0, t - count), ...own];
}

const names: Record<DataSamples['kind'], (data: DataSamples, values: number[], index: number) => string> = {
  values: (_, values) => cut(values.join(values.every((v) => v === 0 || v === 1) ? '' : ' ')),
  symbols: ({ symbols }, [id]) => symbols?.[id] || String(id),
  image: ({ tokens }, _, index) => places(tokens)[index],
  sound: (_, __, index) => String(index),
};

/** Row and column of each patch if the patches form a square, otherwise numbers. */
function places(count: number): string[] {
  const side = Math.sqrt(count);
  const name = (i: number) => (Number.isInteger(side) ? `${Math.floor(i / side)},${i % side}` : String(i));
  return Array.from({ length: count }, (_, i) => name(i));
}

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
