/** The network of a config as parts that freeze together, for the picture. Pure. */
import type { ParameterGroup } from '#contract/catalogue';
import type { ConfigField } from '#contract/config';

export interface NetworkPart {
  part: ParameterGroup['part'];
  title: string;
  /** The flag that a click turns; null for what is frozen with the body. */
  flag: ConfigField | null;
  count: number;
  trained: boolean;
}

const titles: Record<ParameterGroup['part'], string> = {
  input: 'Input net',
  tokens: 'Tokens',
  positions: 'Positions',
  norm: 'Layer norm',
  attention: 'Attention',
  'feed-forward': 'Feed-forward',
  output: 'Output net',
};

/** One part per kind, counted over all blocks, in the order of the network. */
export function networkParts(groups: readonly ParameterGroup[]): NetworkPart[] {
  const parts = new Map<ParameterGroup['part'], NetworkPart>();
  for (const { part, flag, count, trained } of groups) {
    const known = parts.get(part);
    if (known) known.count += count;
    else parts.set(part, { part, title: titles[part], flag, count, trained });
  }
  return [...parts.values()];
}

/** Blocks of the body. */
export const blockCount = (groups: readonly ParameterGroup[]): number =>
  new Set(groups.flatMap(({ block }) => (block === null ? [] : [block]))).size;

/** 38,400 as 38.4k: a number that fits into a box. */
export function shortCount(count: number): string {
  const units: [number, string][] = [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  const unit = units.find(([size]) => count >= size);
  return unit ? `${Number((count / unit[0]).toPrecision(3))}${unit[1]}` : String(count);
}
