/**
 * A molecule as the Molecule Attention Transformer sees it: what each heavy atom is, whom it is bound to, where it lies.
 * Atoms, rings and aromaticity are RDKit's. Places are OpenChemLib's: one conformer of its generator, which puts torsions
 * together as crystals have them, relaxed in MMFF94s. The reference embeds distances with RDKit and relaxes in UFF, unseeded.
 */
import type { MainModule } from '@rdkit/rdkit';
import { ConformerGenerator, ForceFieldMMFF94, Molecule, Resources } from 'openchemlib';
import { PermafrostError } from '#contract/errors';
import { atomWidth, mostNeighbours } from '#tasks/cyp3a4Graph';

/** relaxed: a minimum of the force field. rough: it knows no type for some atom. flat: there is no conformer, so places are those of the drawing. */
export type Places = 'relaxed' | 'rough' | 'flat';

interface RdkitJson {
  molecules: {
    atoms: { z?: number; chg?: number; impHs?: number }[];
    bonds?: { atoms: [number, number] }[];
    extensions?: { name: string; aromaticAtoms?: number[]; atomRings?: number[][] }[];
  }[];
}

/** {@link atomWidth} values per atom. Throws `data` for a SMILES that cannot be read. */
export function moleculeGraph(rdkit: MainModule, smiles: string): { values: Float32Array; places: Places } {
  const molecule = rdkit.get_mol(smiles);
  if (!molecule) throw new PermafrostError('data', `RDKit cannot read the molecule ${JSON.stringify(smiles)}.`);
  const json: RdkitJson = JSON.parse(molecule.get_json());
  molecule.delete();
  const { atoms, bonds = [], extensions = [] } = json.molecules[0];
  const extension = extensions.find(({ name }) => name === 'rdkitRepresentation');
  const [aromatic, ring] = [new Set(extension?.aromaticAtoms), new Set(extension?.atomRings?.flat())];
  const numbers = atoms.map(({ z = 6 }) => z);
  const neighbours: number[][] = atoms.map(() => []);
  for (const { atoms: ends } of bonds) {
    neighbours[ends[0]].push(ends[1]);
    neighbours[ends[1]].push(ends[0]);
  }
  const { at, places } = placesOf(smiles, numbers);
  const values = new Float32Array(atoms.length * atomWidth);
  for (const [i, { chg = 0, impHs = 0 }] of atoms.entries()) {
    const hydrogens = impHs + neighbours[i].filter((j) => numbers[j] === 1).length;
    const own = [numbers[i], neighbours[i].length, hydrogens, chg, Number(ring.has(i)), Number(aromatic.has(i))];
    const bound = neighbours[i].slice(0, mostNeighbours).map((j) => j + 1);
    values.set([...own, ...at[i], ...bound], i * atomWidth);
  }
  return { values, places };
}

/** Where the atoms lie, in Å. */
function placesOf(smiles: string, numbers: readonly number[]): { at: number[][]; places: Places } {
  Resources.registerFromNodejs();
  const whole = conformerOf(smiles);
  const fits = (m: Molecule | null): m is Molecule => m !== null && numbers.every((z, i) => m.getAtomicNo(i) === z);
  const at = (m: Molecule) => numbers.map((_, i) => [m.getAtomX(i), m.getAtomY(i), m.getAtomZ(i)]);
  if (fits(whole)) {
    const relaxed = relax(whole);
    const found = at(whole);
    if (found.flat().every(Number.isFinite)) return { at: found, places: relaxed ? 'relaxed' : 'rough' };
  }
  const molecule = Molecule.fromSmiles(smiles);
  molecule.inventCoordinates();
  if (fits(molecule)) return { at: at(molecule), places: 'flat' };
  throw new PermafrostError('data', `OpenChemLib and RDKit read different atoms in ${JSON.stringify(smiles)}.`);
}

/** Null where the generator finds none, or fails, as it does (inside itself) on a molecule of CYP3A4. */
function conformerOf(smiles: string): Molecule | null {
  try {
    return new ConformerGenerator(1).getOneConformerAsMolecule(Molecule.fromSmiles(smiles));
  } catch {
    return null; // told by the places' name
  }
}

/** Moves the atoms to a minimum of MMFF94s; false where it has no parameters for them. */
function relax(molecule: Molecule): boolean {
  try {
    new ForceFieldMMFF94(molecule, ForceFieldMMFF94.MMFF94SPLUS).minimise();
    return true;
  } catch {
    return false; // expected of salts and metals, and told by the places' name
  }
}
