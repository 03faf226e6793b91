/** The data set CYP3A4_Veith as graphs with coordinates, with the same scaffold split as its tokens. */
import { join } from 'node:path';
import { cyp3a4Dataset, readMolecules } from './cyp3a4.ts';
import type { DecodedRow } from './dataset.ts';
import type { Places } from './moleculeGraph.ts';
import { scaffoldSplit } from './scaffold.ts';

const table = cyp3a4Dataset.files[0];

export const cyp3a4GraphDataset: DecodedRow = {
  name: 'cyp3a4-graph',
  title: 'CYP3A4_Veith, molecules in space',
  licence: 'CC BY 4.0, Therapeutics Data Commons (after Veith et al. 2009)',
  page: cyp3a4Dataset.page,
  files: [table],
  unpacked: [],
  testCounts: cyp3a4Dataset.testCounts,
  layout: { type: 'f32', width: null },
  version: 2,

  /** A molecule takes about a tenth of a second on one core. Only the first run waits for that. */
  async decode(folder, writer, { onProgress, signal, node }) {
    const { smiles, labels } = readMolecules(join(folder, table.name));
    const { moleculeGraphs } = await import('./moleculeGraphs.ts'); // imported here because nothing else needs a pool of processes
    const outcomes: Record<Places, number> = { relaxed: 0, rough: 0, flat: 0 };
    let row = 0;
    for await (const { values, places } of moleculeGraphs(smiles, node)) {
      signal?.throwIfAborted();
      outcomes[places]++;
      writer.add(values, labels[row], smiles[row]);
      onProgress?.(++row, smiles.length, 'molecules');
    }
    const split = await scaffoldSplit(smiles, { signal });
    return { train: split.train, test: split.valid, remark: remarkOf(outcomes) };
  },
};

const remarkOf = ({ relaxed, rough, flat }: Record<Places, number>): string =>
  `Conformers of ${relaxed + rough + flat} molecules: ${relaxed} relaxed in MMFF94s; ${rough} not relaxed, because MMFF94s lacks a type for an atom; ${flat} not found, so these molecules are flat.`;
