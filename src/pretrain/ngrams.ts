/** Baselines that count bytes. A language model must beat them. */

const symbols = 256;

/** Cross entropy on `test`, in nats per byte, of a unigram model counted on `train` with add-one smoothing. */
export function unigramLoss(train: Uint8Array, test: Uint8Array): number {
  const counts = new Float64Array(symbols).fill(1);
  for (const byte of train) counts[byte]++;
  return mean(test, 0, (i) => -Math.log(counts[test[i]] / (train.length + symbols)));
}

/** The same for a bigram model. */
export function bigramLoss(train: Uint8Array, test: Uint8Array): number {
  const counts = new Float64Array(symbols * symbols).fill(1);
  const totals = new Float64Array(symbols).fill(symbols);
  for (let i = 1; i < train.length; i++) {
    counts[train[i - 1] * symbols + train[i]]++;
    totals[train[i - 1]]++;
  }
  return mean(test, 1, (i) => -Math.log(counts[test[i - 1] * symbols + test[i]] / totals[test[i - 1]]));
}

function mean(test: Uint8Array, first: number, loss: (i: number) => number): number {
  let sum = 0;
  for (let i = first; i < test.length; i++) sum += loss(i);
  return sum / (test.length - first);
}
