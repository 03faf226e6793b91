/** `seed(int)` and `shuffle` of CPython's `random` (MT19937), to draw the same splits as programs in Python. */

const size = 624;
const middle = 397;

/** A generator of uniform 32-bit words, seeded like `random.seed(seed)`. Seeds must be below 2³². */
export function mersenneTwister(seed: number): () => number {
  const state = seeded(seed);
  let at = size;
  return () => {
    if (at === size) {
      twist(state);
      at = 0;
    }
    let word = state[at++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
}

/** init_by_array([seed]) of the reference implementation by Matsumoto and Nishimura. */
function seeded(seed: number): Uint32Array {
  const state = new Uint32Array(size);
  state[0] = 19650218;
  const mixed = (i: number, factor: number) => Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), factor);
  for (let i = 1; i < size; i++) state[i] = mixed(i, 1812433253) + i;
  let i = 1;
  const next = () => {
    if (++i < size) return;
    state[0] = state[size - 1];
    i = 1;
  };
  for (let k = 0; k < size; k++, next()) state[i] = (state[i] ^ mixed(i, 1664525)) + seed;
  for (let k = 1; k < size; k++, next()) state[i] = (state[i] ^ mixed(i, 1566083941)) - i;
  state[0] = 0x80000000;
  return state;
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < size; i++) {
    const y = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
    state[i] = state[(i + middle) % size] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}

/** Shuffles in place like `random.seed(seed); random.shuffle(items)`. */
export function shuffleLikePython<T>(items: T[], seed: number): void {
  const word = mersenneTwister(seed);
  for (let i = items.length - 1; i > 0; i--) {
    const bits = 32 - Math.clz32(i + 1);
    let j = word() >>> (32 - bits);
    while (j > i) j = word() >>> (32 - bits);
    [items[i], items[j]] = [items[j], items[i]];
  }
}
