/** Short names of a sample's tokens, for the edges of a map. Pure. */
import type { DataSamples } from '#contract/data';
import type { TaskShape } from '#tasks/task';

/** What some bodies put before a sample's own tokens. */
const special = ['class', 'distillation'];
const longest = 12;

/** Names of the `t` tokens that the body sees: bits as they are, symbols, places of patches, or numbers. */
export function tokenNames(data: DataSamples, { embedding, inputDim }: TaskShape, t: number): string[] {
  const [{ x }] = data.samples;
  const width = embedding ? 1 : inputDim;
  const count = x.length / width;
  const own = Array.from({ length: count }, (_, i) => names[data.kind](data, x.slice(i * width, (i + 1) * width), i));
  return [...special.slice(0, t - count), ...own];
}

const names: Record<DataSamples['kind'], (data: DataSamples, values: number[], index: number) => string> = {
  values: (_, values) => cut(values.join(values.every((v) => v === 0 || v === 1) ? '' : ' ')),
  symbols: ({ symbols }, [id]) => symbols?.[id] || String(id),
  image({ tokens }, _, index) {
    const side = Math.sqrt(tokens);
    return Number.isInteger(side) ? `${Math.floor(index / side)},${index % side}` : String(index);
  },
  sound: (_, __, index) => String(index),
};

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
