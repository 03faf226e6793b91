/**
 * The scaffold split of the Therapeutics Data Commons (tdc.utils.create_scaffold_split, train 0.8 / valid 0.2): molecules with
 * the same Bemis–Murcko scaffold are in the same split. It only matters which molecules share a scaffold, so scaffolds are
 * compared by a description of their graph instead of by their SMILES.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { MainModule } from '@rdkit/rdkit';
import { PermafrostError } from '#contract/errors';
import { shuffleLikePython } from './mersenne.ts';

export interface ScaffoldSplit {
  /** Row numbers, ascending. */
  train: number[];
  valid: number[];
}

export interface ScaffoldOptions {
  /** Receives the number of molecules done, of `total`. */
  onProgress?(done: number, total: number): void;
  signal?: AbortSignal;
}

const share = 0.8;
const atOnce = 50; // molecules before other work of the process can run, about 50 ms

/** Splits molecules by scaffold. Throws `data` with the row of a SMILES that cannot be read. */
export async function scaffoldSplit(smiles: readonly string[], options: ScaffoldOptions = {}): Promise<ScaffoldSplit> {
  const { default: openRdkit } = await import('@rdkit/rdkit'); // imported here because it is large and nothing else needs it
  const rdkit = await openRdkit();
  const numbers = new Map<string, number>();
  const groups = new Map<string, number[]>(); // in order of first appearance
  for (const [row, text] of smiles.entries()) {
    const scaffold = scaffoldOf(rdkit, numbers, text, row);
    const group = groups.get(scaffold);
    if (group) group.push(row);
    else groups.set(scaffold, [row]);
    if ((row + 1) % atOnce !== 0) continue;
    options.onProgress?.(row + 1, smiles.length);
    await breathe();
    options.signal?.throwIfAborted();
  }
  options.onProgress?.(smiles.length, smiles.length);
  return deal([...groups.values()], smiles.length);
}

/** Assigns groups to splits. With a test share of 0 the original treats every group as big and shuffles all of them, with seed 0. */
function deal(groups: number[][], total: number): ScaffoldSplit {
  shuffleLikePython(groups, 0);
  const split: ScaffoldSplit = { train: [], valid: [] };
  const most = Math.floor(share * total);
  for (const group of groups) {
    const fits = split.train.length + group.length <= most;
    split[fits ? 'train' : 'valid'].push(...group);
  }
  for (const rows of Object.values(split)) rows.sort((a: number, b: number) => a - b);
  return split;
}

/** A molecule in RDKit's JSON, which leaves out default values. */
export interface RdkitJson {
  molecules: {
    atoms: { z?: number; chg?: number; impHs?: number; isotope?: number; nRad?: number }[];
    bonds?: { atoms: [number, number]; bo?: number }[];
    conformers?: { coords: number[][] }[];
    extensions?: { name: string; aromaticAtoms?: number[]; aromaticBonds?: number[]; atomRings?: number[][] }[];
  }[];
}

export const unreadable = (row: number, smiles: string): PermafrostError =>
  new PermafrostError('data', `Row ${row + 1}: RDKit cannot read the molecule ${JSON.stringify(smiles)}.`);

/** A description of the scaffold's graph; '' for a molecule without rings. */
function scaffoldOf(rdkit: MainModule, numbers: Map<string, number>, smiles: string, row: number): string {
  const molecule = rdkit.get_mol(smiles);
  if (!molecule) throw unreadable(row, smiles);
  try {
    return describe(readGraph(JSON.parse(molecule.get_json())), numbers);
  } finally {
    molecule.delete();
  }
}

interface Graph {
  /** The properties of each atom, apart from its neighbours. */
  atoms: { label: string; hydrogens: number; openHetero: boolean; inRing: boolean }[];
  /** Neighbours of each atom. */
  bonds: { to: number; kind: string }[][];
}

const carbon = 6;

function readGraph(json: RdkitJson): Graph {
  const { atoms, bonds = [], extensions = [] } = json.molecules[0];
  const extension = extensions.find(({ name }) => name === 'rdkitRepresentation');
  const aromaticAtoms = new Set(extension?.aromaticAtoms);
  const aromaticBonds = new Set(extension?.aromaticBonds);
  const ringAtoms = new Set(extension?.atomRings?.flat());
  const graph: Graph = {
    atoms: atoms.map(({ z = carbon, chg = 0, impHs = 0, isotope = 0, nRad = 0 }, i) => {
      const aromatic = aromaticAtoms.has(i);
      return {
        label: `${z}/${chg}/${isotope}/${nRad}/${aromatic ? 'a' : ''}`,
        hydrogens: impHs,
        openHetero: aromatic && z !== carbon,
        inRing: ringAtoms.has(i),
      };
    }),
    bonds: atoms.map(() => []),
  };
  for (const [i, { atoms: ends, bo = 1 }] of bonds.entries()) {
    const kind = aromaticBonds.has(i) ? 'a' : String(bo);
    graph.bonds[ends[0]].push({ to: ends[1], kind });
    graph.bonds[ends[1]].push({ to: ends[0], kind });
  }
  return graph;
}

/** Which atoms belong to the scaffold: those in rings, on paths between rings, or attached to these by a double bond. */
function scaffoldAtoms({ atoms, bonds }: Graph): boolean[] {
  const kept = atoms.map(() => true);
  const degree = bonds.map((list) => list.length);
  const loose = atoms.flatMap((atom, i) => (!atom.inRing && degree[i] <= 1 ? [i] : []));
  for (let i = loose.pop(); i !== undefined; i = loose.pop()) {
    kept[i] = false;
    for (const { to } of bonds[i]) if (kept[to] && --degree[to] <= 1 && !atoms[to].inRing) loose.push(to);
  }
  const core = [...kept];
  for (const [i, list] of bonds.entries())
    if (!kept[i] && list.some(({ to, kind }) => core[to] && kind === '2')) kept[i] = true;
  return kept;
}

/**
 * Describes a graph by the Weisfeiler–Lehman algorithm: it refines every atom's label by those of its neighbours until no more
 * atoms become distinct. `numbers` gives a label the same number in every molecule. The algorithm cannot tell some regular graphs
 * apart, but on CYP3A4_Veith it finds exactly RDKit's 7,428 scaffolds.
 */
function describe(graph: Graph, numbers: Map<string, number>): string {
  const kept = scaffoldAtoms(graph);
  const members = kept.flatMap((keep, i) => (keep ? [i] : []));
  const numberOf = (label: string): number => {
    const number = numbers.get(label) ?? numbers.size;
    numbers.set(label, number);
    return number;
  };
  // an aromatic N, O or S that loses a substituent gets a hydrogen instead, which is part of the scaffold's SMILES
  const openEnds = (i: number) =>
    graph.bonds[i].reduce((ends, { to }) => ends + Number(!kept[to]), graph.atoms[i].hydrogens);
  const labels = graph.atoms.map(({ label, openHetero }, i) => numberOf(label + (openHetero ? openEnds(i) : '')));
  for (let kinds = 0; ; ) {
    const refined = members.map((i) => {
      const around = graph.bonds[i].flatMap(({ to, kind }) => (kept[to] ? [`${kind}:${labels[to]}`] : []));
      return numberOf(`${labels[i]} ${around.sort().join()}`);
    });
    for (const [k, i] of members.entries()) labels[i] = refined[k];
    const now = new Set(refined).size;
    if (now === kinds) return refined.sort((a, b) => a - b).join();
    kinds = now;
  }
}
