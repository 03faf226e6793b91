/** The parts of a network that freeze together, for the picture. Pure. */
import type { ParameterGroup } from '#contract/catalogue';
import type { ConfigField } from '#contract/config';

export interface NetworkPart {
  part: ParameterGroup['part'];
  title: string;
  /** Every block of the body has it. */
  inBlock: boolean;
  /** The flag that a click toggles; null for parts that freeze with the body. */
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

/** One part per kind, counted over all blocks, in the order of the network. The norm after the last block counts with the others. */
export function networkParts(groups: readonly ParameterGroup[]): NetworkPart[] {
  const parts = new Map<string, NetworkPart>();
  for (const { part, block, flag, count, trained } of groups) {
    const inBlock = block !== null || part === 'norm';
    const key = `${part} ${inBlock}`;
    const known = parts.get(key);
    const title = part === 'tokens' && inBlock ? 'Weights' : titles[part];
    if (known) known.count += count;
    else parts.set(key, { part, title, inBlock, flag, count, trained });
  }
  return [...parts.values()];
}

/** x, y, width and height. */
export type PartBox = readonly [number, number, number, number];

const row = { y: 96, height: 92 };
/** Widths of a block's boxes; boxes other than norms share the space from `from` to `to`. */
const block = { from: 300, to: 628, norm: 44, gap: 8 };

/** The boxes of each part in a picture of width 800. A norm is drawn before each part that it normalises. */
export function partBoxes(parts: readonly NetworkPart[]): Map<NetworkPart, PartBox[]> {
  const places = new Map<NetworkPart, PartBox[]>();
  const norm = parts.find(({ part }) => part === 'norm');
  const inside = parts.filter((part) => part.inBlock && part !== norm);
  const before = parts.filter(({ part, inBlock }) => !inBlock && part !== 'input' && part !== 'output');
  const ends: Partial<Record<NetworkPart['part'], number>> = { input: 8, output: 688 };
  for (const part of parts) {
    const x = ends[part.part];
    if (x !== undefined) places.set(part, [[x, row.y, 104, row.height]]);
  }
  for (const [i, part] of before.entries())
    places.set(part, [before.length === 1 ? [156, row.y, 104, row.height] : [156, 52 + 70 * i, 104, 62]]);
  const slots = Math.max(1, inside.length);
  const slot = (block.to - block.from + block.gap) / slots;
  const head = norm ? block.norm + block.gap : 0;
  for (const [i, part] of inside.entries())
    places.set(part, [[block.from + i * slot + head, row.y, slot - head - block.gap, row.height]]);
  if (norm)
    places.set(
      norm,
      Array.from({ length: slots }, (_, i): PartBox => [block.from + i * slot, row.y, block.norm, row.height]),
    );
  return places;
}

/** Blocks of the body. */
export const blockCount = (groups: readonly ParameterGroup[]): number =>
  new Set(groups.flatMap(({ block }) => (block === null ? [] : [block]))).size;
