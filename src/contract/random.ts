/**
 * Seeded randomness. Every draw of a run comes from a stream named by the run's seed, a purpose and an index, never from a
 * long-lived generator. Batch 812 of the training data is a pure function of (seed, 'train', 812), so a resumed run needs only its
 * counters to continue exactly.
 */
import CRC32 from 'crc-32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** A uniform 32-bit integer, signed. */
  int32(): number;
  /** A uniform float in [0, 1) with 32 random bits. */
  uniform(): number;
  /** A uniform integer in [0, n). */
  below(n: number): number;
  /** A standard normal draw. */
  normal(): number;
  /** A uniformly random permutation of 0 … n-1. */
  permutation(n: number): Int32Array<ArrayBuffer>;
}

/** The random stream of a seed and names, for example `randomStream(seed, 'train', 812)`. */
export function randomStream(seed: number, ...names: (string | number)[]): Random {
  const generator = xoroshiro128plus(CRC32.str(`${seed}/${names.join('/')}`));
  for (let i = 0; i < 4; i++) generator.next(); // streams of similar seeds begin alike; a few draws separate them
  const int32 = () => generator.next();
  const uniform = () => (int32() >>> 0) / 4294967296;
  const below = (n: number) => Math.floor(uniform() * n);
  let spare: number | undefined;
  const normal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const permutation = (n: number) => {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  };
  return { int32, uniform, below, normal, permutation };
}
