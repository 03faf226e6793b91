/** The data set CYP3A4_Veith of the Therapeutics Data Commons, in tokens of the ChemBERTa tokenizer, split by scaffold. */
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { readSmallFile, readSmallJson } from '#disk/source';
import { tsvRows } from '#formats/tsv';
import { moleculeVocabulary } from '#tasks/cyp3a4';
import type { DecodedRow } from './dataset.ts';
import { scaffoldSplit } from './scaffold.ts';

const table = 'cyp3a4_veith.tab';
/** In bytes. The official table has 0.7 MB, the tokenizer's files have 0.2 MB. */
const largest = { table: 2 ** 26, tokenizer: 2 ** 23 };
const mostMolecules = 1_000_000;
const tokenizer = 'https://huggingface.co/seyonec/ChemBERTa_zinc250k_v2_40k/resolve/main';

export const cyp3a4Dataset: DecodedRow = {
  name: 'cyp3a4',
  title: 'CYP3A4_Veith',
  licence: 'CC BY 4.0, Therapeutics Data Commons (after Veith et al. 2009); none stated for the tokenizer',
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
    const vocabulary = readSmallJson(join(folder, 'vocab.json'), largest.tokenizer, 'data');
    for (const [token, id] of Object.entries(vocabulary as Record<string, number>))
      if (id < moleculeVocabulary) names[id] = token;
    return Array.from(names, (name) => name ?? '');
  },
  layout: { type: 'i32', width: null },
  version: 1,

  async decode(folder, writer, { onProgress, signal }) {
    const [vocabulary, merges] = ['vocab.json', 'merges.txt'].map((name) =>
      readSmallFile(join(folder, name), largest.tokenizer),
    );
    const { openBpe } = await import('./bpe.ts'); // imported here because it loads a tokenizer library
    const encode = openBpe(vocabulary, merges, folder);
    const { smiles, labels } = readMolecules(join(folder, table));
    for (const [row, molecule] of smiles.entries()) {
      const ids = encode(molecule);
      const large = ids.find((id) => id >= moleculeVocabulary);
      if (large !== undefined) {
        throw new PermafrostError(
          'data',
          `${folder}: the tokenizer gives the id ${large} for ${molecule}; expected ids below ${moleculeVocabulary}. Use the tokenizer of ChemBERTa_zinc250k_v2_40k.`,
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

/** Reads SMILES and labels of a TDC table. Throws `data` with the line, or `disk` if the file cannot be read. */
export function readMolecules(path: string): { smiles: string[]; labels: number[] } {
  const [smiles, labels]: [string[], number[]] = [[], []];
  const fail = (what: string) => new PermafrostError('data', `${path}: ${what}`);
  for (const { line, cells } of tsvRows([readSmallFile(path, largest.table)], ['Drug', 'Y'], path)) {
    const { Drug, Y } = cells;
    if (Drug.trim() === '')
      throw fail(`expected a molecule (SMILES) in Drug; line ${line} has none. Remove the line, or add the molecule.`);
    if (Y === '' || ![0, 1].includes(Number(Y)))
      throw fail(`expected 0 or 1 in Y; found ${JSON.stringify(Y.slice(0, 40))} in line ${line}.`);
    if (smiles.length === mostMolecules) throw fail(`expected at most ${mostMolecules} molecules; found more.`);
    smiles.push(Drug);
    labels.push(Number(Y));
  }
  if (smiles.length === 0) throw fail('it has no molecules. Get the file again.');
  return { smiles, labels };
}
