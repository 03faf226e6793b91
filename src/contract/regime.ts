/** The regimes of the paper: which part of the transformer is trained, and from which initial weights. */
import type { ExperimentConfig } from './config.ts';

/** FPT, FRT and URT as the paper names them; UPT is the unfrozen pretrained transformer. */
export const regimes = {
  FPT: 'Frozen pretrained transformer: the body keeps its pretrained weights.',
  FRT: 'Frozen random transformer: the body keeps random weights.',
  URT: 'Unfrozen random transformer: every weight is trained from a random start.',
  UPT: 'Unfrozen pretrained transformer: every weight is trained from its pretrained value.',
} as const;
export type Regime = keyof typeof regimes;

/** The regime of a config; a body drawn from the statistics of pretrained weights counts as random. */
export function regimeOf({
  freeze_trans,
  pretrained,
  statistics_only,
}: Pick<ExperimentConfig, 'freeze_trans' | 'pretrained'> & Partial<Pick<ExperimentConfig, 'statistics_only'>>): Regime {
  const isPretrained = pretrained && !statistics_only;
  return freeze_trans ? (isPretrained ? 'FPT' : 'FRT') : isPretrained ? 'UPT' : 'URT';
}
