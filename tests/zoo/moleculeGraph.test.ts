import openRdkit from '@rdkit/rdkit';
import { expect, it } from 'vitest';
import { atomWidth } from '#tasks/cyp3a4Graph';
import { moleculeGraph } from '#zoo/moleculeGraph';

const rdkit = await openRdkit();
const atomsOf = (smiles: string) => {
  const { values, places } = moleculeGraph(rdkit, smiles);
  const atoms = Array.from({ length: values.length / atomWidth }, (_, i) => [
    ...values.subarray(i * atomWidth, (i + 1) * atomWidth),
  ]);
  return { atoms, places };
};
const apart = (a: number[], b: number[]) => Math.hypot(...[6, 7, 8].map((k) => a[k] - b[k]));

it('aspirin has RDKit’s atoms, and bonds of the lengths that chemistry knows', () => {
  const { atoms, places } = atomsOf('CC(=O)Oc1ccccc1C(=O)O');
  expect(places).toBe('relaxed');
  expect(atoms).toHaveLength(13);
  expect(atoms[0].slice(0, 6)).toEqual([6, 1, 3, 0, 0, 0]);
  expect(atoms[5].slice(0, 6)).toEqual([6, 2, 1, 0, 1, 1]);
  expect(atoms[4].slice(9)).toEqual([4, 6, 10, 0, 0, 0, 0, 0]);
  expect(Math.abs(apart(atoms[0], atoms[1]) - 1.5)).toBeLessThan(0.05);
  for (let i = 4; i < 9; i++) expect(Math.abs(apart(atoms[i], atoms[i + 1]) - 1.395)).toBeLessThan(0.03);
});

it('a salt that the force field does not know keeps its rough conformer; nonsense is refused', () => {
  expect(atomsOf('CCN.Cl').places).toBe('rough');
  expect(() => atomsOf('C1CC')).toThrow(/RDKit cannot read the molecule "C1CC"/);
});
