import { expect, it } from 'vitest';
import { atomWidth } from '#tasks/cyp3a4Graph';
import { moleculeGraph } from '#zoo/moleculeGraph';
import { moleculeGraphs } from '#zoo/moleculeGraphs';

async function atomsOf(smiles: string) {
  const { values, places } = (await moleculeGraph(smiles))!;
  const atoms = Array.from({ length: values.length / atomWidth }, (_, i) => [
    ...values.subarray(i * atomWidth, (i + 1) * atomWidth),
  ]);
  return { atoms, places };
}
const placeOf = (atom: number[]) => atom.slice(6, 9);
const minus = (a: number[], b: number[]) => a.map((x, k) => x - b[k]);
const apart = (a: number[], b: number[]) => Math.hypot(...minus(placeOf(a), placeOf(b)));

it('aspirin has RDKit’s atoms, and bonds of realistic lengths', async () => {
  const { atoms, places } = await atomsOf('CC(=O)Oc1ccccc1C(=O)O');
  expect(places).toBe('relaxed');
  expect(atoms).toHaveLength(13);
  expect(atoms[0].slice(0, 6)).toEqual([6, 1, 3, 0, 0, 0]);
  expect(atoms[5].slice(0, 6)).toEqual([6, 2, 1, 0, 1, 1]);
  expect(atoms[4].slice(9)).toEqual([4, 6, 10, 0, 0, 0, 0, 0]);
  expect(Math.abs(apart(atoms[0], atoms[1]) - 1.5)).toBeLessThan(0.05);
  for (let i = 4; i < 9; i++) expect(Math.abs(apart(atoms[i], atoms[i + 1]) - 1.395)).toBeLessThan(0.03);
});

it('the two enantiomers of alanine are mirror images', async () => {
  const handOf = async (smiles: string) => {
    const [n, middle, c, acid] = (await atomsOf(smiles)).atoms.map(placeOf);
    const [a, b, d] = [minus(n, middle), minus(c, middle), minus(acid, middle)];
    return a[0] * (b[1] * d[2] - b[2] * d[1]) - a[1] * (b[0] * d[2] - b[2] * d[0]) + a[2] * (b[0] * d[1] - b[1] * d[0]);
  };
  const [left, right] = [await handOf('N[C@@H](C)C(=O)O'), await handOf('N[C@H](C)C(=O)O')];
  expect(Math.abs(left)).toBeGreaterThan(1); // Å³; flat is 0
  expect(Math.sign(left)).toBe(-Math.sign(right));
});

it('a salt that the force field does not support keeps a rough conformer, a cage without a conformer is flat, and nonsense is null', async () => {
  expect((await atomsOf('CCN.Cl')).places).toBe('rough');
  const cage = await atomsOf('CC1(C)[C@@H]2CC[C@]1(CC(=O)O)[C@H](Cl)C2');
  expect(cage.places).toBe('flat');
  expect(cage.atoms.map((atom) => atom[8])).toEqual(cage.atoms.map(() => 0));
  expect(apart(cage.atoms[0], cage.atoms[1])).toBeGreaterThan(1);
  expect(await moleculeGraph('C1CC')).toBeNull();
});

it('several processes give the same coordinates, in order, and name the row that cannot be read', async () => {
  const smiles = ['Cn1cnc2c1c(=O)n(C)c(=O)n2C', 'CCO', 'CC(=O)Oc1ccccc1C(=O)O'];
  let row = 0;
  for await (const graph of moleculeGraphs(smiles)) expect(graph).toEqual(await moleculeGraph(smiles[row++]));
  expect(row).toBe(3);
  const read = async () => {
    for await (const _ of moleculeGraphs(['CCO', 'C1CC'])) row++;
  };
  await expect(read()).rejects.toThrow(/Row 2: RDKit cannot read the molecule "C1CC"/);
  expect(row).toBe(4);
});
