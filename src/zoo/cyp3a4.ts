/** CYP3A4_Veith of the Therapeutics Data Commons, split by scaffold, as tokens of the ChemBERTa tokenizer. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { readTsv } from '#formats/tsv';
import { moleculeVocabulary } from '#tasks/cyp3a4';
import type { DecodedRow } from './dataset.ts';
import { scaffoldSplit } from './scaffold.ts';

const table = 'cyp3a4_veith.tab';
const tokenizer = 'https://huggingface.co/seyonec/ChemBERTa_zinc250k_v2_40k/resolve/main';

export const cyp3a4: DecodedRow = {
  name: 'cyp3a4',
  title: 'CYP3A4_Veith',
  licence: 'CC BY 4.0, Therapeutics Data Commons (after Veith et al. 2009); the tokenizer states none',
  page: 'https://tdcommons.ai/single_pred_tasks/adme/#cyp-p450-3a4-inhibition-veith-et-al',
  files: [
    {
      name: table,
      url: 'https://dataverse.harvard.edu/api/access/datafile/4259582',
      bytes: 721_527,
      sha256: 'f20f2676e5c9e196e31d5d8565c68e4ed3cc73a1c1b86c23c2ab9d833156804b',
      mayDiffer: true,
    },
    { name: 'vocab.json', url: `${tokenizer}/vocab.json` },
    { name: 'merges.txt', url: `${tokenizer}/merges.txt` },
  ],
  unpacked: [],
  testCounts: [1486, 980],
  symbols(folder) {
    const names: string[] = [];
    const vocabulary: Record<string, number> = JSON.parse(readFileSync(join(folder, 'vocab.json'), 'utf8'));
    for (const [token, id] of Object.entries(vocabulary)) if (id < moleculeVocabulary) names[id] = token;
    return Array.from(names, (name) => name ?? '');
  },
  layout: { type: 'i32', width: null },
  version: 1,

  async decode(folder, writer, { onProgress, signal }) {
    const text = (name: string) => readFile(join(folder, name), 'utf8');
    const { openBpe } = await import('./bpe.ts'); // brings a tokenizer along
    const encode = openBpe(await text('vocab.json'), await text('merges.txt'), folder);
    const { smiles, labels } = await readMolecules(join(folder, table));
    for (const [row, molecule] of smiles.entries()) {
      const ids = encode(molecule);
      const large = ids.find((id) => id >= moleculeVocabulary);
      if (large !== undefined) {
        throw new PermafrostError(
          'data',
          `${folder}: the tokenizer gives ${large} for ${molecule}; the task takes ids below ${moleculeVocabulary}. Use the one of ChemBERTa_zinc250k_v2_40k.`,
        );
      }
      writer.add(ids, labels[row], molecule);
    }
    const split = await scaffoldSplit(smiles, {
      signal,
      onProgress: (done, total) => onProgress?.(done, total, 'molecules'),
    });
    return { train: split.train, test: split.valid };
  },
};

/** SMILES and labels of a TDC table. Throws `data`, `notFound`. */
export async function readMolecules(path: string): Promise<{ smiles: string[]; labels: number[] }> {
  const bytes = await readFile(path).catch((cause) => {
    throw new PermafrostError('notFound', `${path} cannot be read: ${cause.message}.`, { cause });
  });
  const { Drug: smiles, Y } = readTsv(bytes, ['Drug', 'Y'], path);
  const labels = Y.map((label, row) => {
    if (Number(label) === 0 || Number(label) === 1) return Number(label);
    throw new PermafrostError(
      'data',
      `${path}: expected 0 or 1 in Y; found ${JSON.stringify(label)} in line ${row + 2}.`,
    );
  });
  return { smiles, labels };
}
