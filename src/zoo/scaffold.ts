/**
 * The scaffold split of the Therapeutics Data Commons (tdc.utils.create_scaffold_split, train 0.8 / valid 0.2): molecules with
 * the same Bemis–Murcko scaffold stay together. Only who shares a scaffold matters, not how its SMILES is written, so
 * scaffolds are compared by a description of their graph.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { MainModule } from '@rdkit/rdkit';
import { PermafrostError } from '#contract/errors';
import { shuffleLikePython } from './mersenne.ts';

export interface ScaffoldSplit {
  /** Ascending row numbers. */
  train: number[];
  valid: number[];
}

export interface ScaffoldOptions {
  /** How many of `total` molecules are done. */
  onProgress?(done: number, total: number): void;
  signal?: AbortSignal;
}

const share = 0.8;
const atOnce = 50; // molecules between breaths, about 50 ms

/** Splits molecules by scaffold. Throws `data` naming the row of a SMILES that cannot be read. */
export async function scaffoldSplit(smiles: readonly string[], options: ScaffoldOptions = {}): Promise<ScaffoldSplit> {
  const { default: openRdkit } = await import('@rdkit/rdkit'); // large, and only this needs it
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

/** With a test share of nothing every group counts as big there, and all are shuffled together, with seed 0. */
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

/** A molecule as RDKit writes it to JSON; what equals the defaults is left out there. */
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
  /** What an atom is, apart from its neighbours. */
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

/** The scaffold's atoms: rings and what links them, and atoms that hang on these by a double bond. */
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
 * Weisfeiler–Lehman: every atom's label is refined by its neighbours' until that parts no more atoms. `numbers` gives a label
 * the same number in every molecule. Regular graphs could escape it; on CYP3A4_Veith it finds exactly RDKit's 7,428 scaffolds.
 */
function describe(graph: Graph, numbers: Map<string, number>): string {
  const kept = scaffoldAtoms(graph);
  const members = kept.flatMap((keep, i) => (keep ? [i] : []));
  const numberOf = (label: string): number => {
    const number = numbers.get(label) ?? numbers.size;
    numbers.set(label, number);
    return number;
  };
  // an aromatic N, O or S whose substituent is cut off gets a hydrogen instead, which its SMILES shows
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
