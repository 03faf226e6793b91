/** A training step of MAT on batches of molecules that are as different in length as those of CYP3A4. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import openRdkit from '@rdkit/rdkit';
import { tsvRows } from '#formats/tsv';
import { runtimeEnvironment } from '#trainer/environment';
import type { Benchmark, Figures } from './benchmark.ts';
import type { MoleculesFigures, MoleculesSetting } from './moleculesProcess.ts';

const [threads, batch] = [2, 16];
const steps = { trained: 30, frozen: 30 };

/** Numbers of heavy atoms of every sixth molecule. */
async function atomCounts(): Promise<number[]> {
  const rdkit = await openRdkit();
  const file = join(import.meta.dirname, '../tests/fixtures/cyp3a4/cyp3a4_veith.tab.gz');
  const smiles = Array.from(tsvRows([gunzipSync(readFileSync(file))], ['Drug'], file), ({ cells }) => cells.Drug);
  return smiles
    .filter((_, i) => i % 6 === 0)
    .map((text) => {
      const molecule = rdkit.get_mol(text)!;
      const atoms = molecule.get_num_atoms();
      molecule.delete();
      return atoms;
    });
}

const measure = (setting: MoleculesSetting): MoleculesFigures =>
  JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, 'moleculesProcess.ts'), JSON.stringify(setting)], {
      env: runtimeEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    }).toString(),
  );

export const molecules: Benchmark = {
  title: `MAT: one training step on ${batch} molecules of CYP3A4's lengths, ${threads} threads; the programs of ${steps.trained} steps`,
  rows: Object.keys(steps),
  async run(report) {
    const atoms = await atomCounts();
    const figures: Figures = {};
    for (const [name, count] of Object.entries(steps)) {
      report(name);
      const found = measure({ atoms, freeze_trans: name === 'frozen', threads, batch, steps: count });
      for (const [figure, value] of Object.entries(found)) figures[`${name}: ${figure}`] = value;
    }
    return figures;
  },
  limits: {},
};
