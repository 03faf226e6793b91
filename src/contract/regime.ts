/** The regimes of the paper: which part of the transformer is trained, and from which weights. */
import type { ExperimentConfig } from './config.ts';

/** FPT, FRT and URT as the paper names them; UPT is the unfrozen pretrained transformer. */
export const regimes = {
  FPT: 'Frozen pretrained transformer: the body keeps its pretrained weights.',
  FRT: 'Frozen random transformer: the body keeps random weights.',
  URT: 'Unfrozen random transformer: every weight is trained from a random start.',
  UPT: 'Unfrozen pretrained transformer: every weight is trained from its pretrained value.',
} as const;
export type Regime = keyof typeof regimes;

export const regimeOf = ({
  freeze_trans,
  pretrained,
}: Pick<ExperimentConfig, 'freeze_trans' | 'pretrained'>): Regime =>
  freeze_trans ? (pretrained ? 'FPT' : 'FRT') : pretrained ? 'UPT' : 'URT';
