/** CYP3A4_Veith as graphs with places, split by scaffold as its tokens are. */
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import openRdkit from '@rdkit/rdkit';
import { cyp3a4, readMolecules } from './cyp3a4.ts';
import type { DecodedRow } from './dataset.ts';
import { moleculeGraph } from './moleculeGraph.ts';
import { scaffoldSplit } from './scaffold.ts';

const table = cyp3a4.files[0];

export const cyp3a4Graph: DecodedRow = {
  name: 'cyp3a4-graph',
  title: 'CYP3A4_Veith, molecules in space',
  licence: 'CC BY 4.0, Therapeutics Data Commons (after Veith et al. 2009)',
  page: cyp3a4.page,
  files: [table],
  unpacked: [],
  testCounts: cyp3a4.testCounts,
  layout: { type: 'f32', width: null },
  version: 1,

  /** A molecule takes about a tenth of a second; only the first run waits for it. */
  async decode(folder, writer, { onProgress, signal }) {
    const { smiles, labels } = await readMolecules(join(folder, table.name));
    const rdkit = await openRdkit();
    for (const [row, molecule] of smiles.entries()) {
      writer.add(moleculeGraph(rdkit, molecule).values, labels[row], molecule);
      onProgress?.(row + 1, smiles.length, 'molecules');
      await breathe();
      signal?.throwIfAborted();
    }
    const split = await scaffoldSplit(smiles, { signal });
    return { train: split.train, test: split.valid };
  },
};
