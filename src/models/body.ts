/** What a transformer body is. One file per architecture; the table is in `index.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Noise, Tensors } from '#engine/program';

export type Shapes = Record<string, number[]>;
export type FreezeFlag = 'freeze_ln' | 'freeze_pos' | 'freeze_ff' | 'freeze_attn';
/** How a random parameter starts. */
export type Initializer = { fill: number } | { normal: number } | { uniform: number } | { orthogonal: number };

export interface Body<Config> {
  title: string;
  /** Shapes by checkpoint name, in checkpoint order. */
  parameters(config: Config): Shapes;
  /** Parameters that a checkpoint has and the computation never reads. */
  unused: readonly string[];
  /** Width of the embeddings that go in and the states that come out. */
  width(config: Config): number;
  /** The longest sequence it takes. */
  longest(config: Config): number;
  /** The flag that freezes a parameter while the body is frozen; null: always frozen with it. */
  freezeFlag(name: string): FreezeFlag | null;
  initial(name: string, config: Config): Initializer;
  /** embeds [t, b, d] → states [read, b, d] of the last `read` tokens. Null noise: evaluation. */
  forward(p: Tensors, embeds: Tensor, config: Config, noise: Noise | null, read: number, probe?: object): Tensor;
}
