/**
 * A molecule as the Molecule Attention Transformer reads it: the properties, bonds and coordinates of each heavy atom. Atoms,
 * rings and aromaticity are from RDKit's own package, which cannot compute conformers. Coordinates are from RDKitjs, an older
 * build of RDKit: one conformer by plain distance geometry with a fixed seed, relaxed in MMFF94s. The reference relaxes an
 * unseeded conformer in UFF.
 */
import { createRequire } from 'node:module';
import openRdkit from '@rdkit/rdkit';
import type rdkitjs from 'rdkit';
import { atomWidth, mostNeighbours } from '#tasks/cyp3a4Graph';
import type { RdkitJson } from './scaffold.ts';

/**
 * How coordinates were found. relaxed: near a minimum of the force field; rough: not relaxed, because the force field lacks a type
 * for an atom; flat: from the two-dimensional drawing, because no conformer was found.
 */
export type Places = 'relaxed' | 'rough' | 'flat';

export interface MoleculeGraph {
  /** {@link atomWidth} values per atom. */
  values: Float32Array;
  places: Places;
}

type Conformer = { at: number[][]; places: Places };

/** Trials to find a conformer. Each takes up to a few tenths of a second; where ten fail, 50 seldom succeed. */
const trials = 10;

const rdkit = await openRdkit();
let embedder = await loadEmbedder();

/** The graph of a molecule; null if RDKit cannot read the SMILES. */
export async function moleculeGraph(smiles: string): Promise<MoleculeGraph | null> {
  const drawn = readMolecule(smiles);
  if (!drawn) return null;
  const { atoms, bonds = [], conformers = [], extensions = [] } = drawn;
  const extension = extensions.find(({ name }) => name === 'rdkitRepresentation');
  const [aromatic, ring] = [new Set(extension?.aromaticAtoms), new Set(extension?.atomRings?.flat())];
  const numbers = numbersOf(drawn);
  const neighbours: number[][] = atoms.map(() => []);
  for (const { atoms: ends } of bonds) {
    neighbours[ends[0]].push(ends[1]);
    neighbours[ends[1]].push(ends[0]);
  }
  const { at, places } = (await conformerOf(smiles, numbers)) ?? { at: conformers[0].coords, places: 'flat' };
  const values = new Float32Array(atoms.length * atomWidth);
  for (const [i, { chg = 0, impHs = 0 }] of atoms.entries()) {
    const hydrogens = impHs + neighbours[i].filter((j) => numbers[j] === 1).length;
    const own = [numbers[i], neighbours[i].length, hydrogens, chg, Number(ring.has(i)), Number(aromatic.has(i))];
    const [x, y, z = 0] = at[i];
    const bound = neighbours[i].slice(0, mostNeighbours).map((j) => j + 1);
    values.set([...own, x, y, z, ...bound], i * atomWidth);
  }
  return { values, places };
}

type Molecule = RdkitJson['molecules'][0];
const numbersOf = ({ atoms }: Molecule): number[] => atoms.map(({ z = 6 }) => z);

/** Reads a SMILES, with the coordinates of its drawing, or a mol block with `details`, as it is. */
function readMolecule(text: string, details?: string): Molecule | null {
  const molecule = details ? rdkit.get_mol(text, details) : rdkit.get_mol(text);
  if (!molecule) return null;
  try {
    if (!details) molecule.set_new_coords();
    return (JSON.parse(molecule.get_json()) as RdkitJson).molecules[0];
  } finally {
    molecule.delete();
  }
}

/** Coordinates in Å of the atoms, whose atomic numbers are `numbers`; null if no conformer was found. */
async function conformerOf(smiles: string, numbers: readonly number[]): Promise<Conformer | null> {
  const found = await tryEmbed(smiles);
  const molecule = found && readMolecule(found.block, '{"removeHs":false,"sanitize":false}');
  if (!molecule) return null;
  const read = numbersOf(molecule); // added hydrogens come after the atoms of the SMILES
  const at = molecule.conformers![0].coords.slice(0, numbers.length);
  const fits = numbers.every((z, i) => read[i] === z) && at.flat().every(Number.isFinite);
  return fits ? { at, places: found.places } : null;
}

/** RDKitjs runs out of its 16 MiB after a few thousand molecules, or on a single large one. It then throws and must be loaded again. */
async function tryEmbed(smiles: string) {
  try {
    return embed(smiles);
  } catch {
    embedder = await loadEmbedder();
  }
  try {
    return embed(smiles);
  } catch {
    embedder = await loadEmbedder();
    return null; // counted as `flat`
  }
}

function embed(smiles: string): { block: string; places: Places } | null {
  const molecule = embedder.fromSmiles(smiles);
  try {
    molecule.addHs();
    const finds = (useRandomCoords: boolean) =>
      molecule.embedMolecule({ method: 'manual', seed: 1, maxIterations: trials, useRandomCoords }) >= 0;
    if (!finds(false) && !finds(true)) return null;
    const [state] = molecule.MMFFOptimizeMolecule({ mmffVariant: 'MMFF94s' });
    return { block: molecule.toMolBlock(), places: state < 0 ? 'rough' : 'relaxed' };
  } finally {
    molecule.delete();
  }
}

/** Loads a new instance of RDKitjs. */
async function loadEmbedder(): Promise<typeof rdkitjs.Mol> {
  const require = createRequire(import.meta.url);
  for (const part of ['rdkit', 'rdkit/lib/Mol.js', 'rdkit/dist/rdkit.js']) delete require.cache[require.resolve(part)];
  const listeners = process.listeners('unhandledRejection');
  const { Mol, load } = require('rdkit') as typeof rdkitjs;
  for (const listener of process.listeners('unhandledRejection'))
    if (!listeners.includes(listener)) process.off('unhandledRejection', listener); // it would end the process
  await load();
  return Mol;
}
