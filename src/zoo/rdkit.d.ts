/** What is used of the package `rdkit` 0.5.1, which brings no types. C++ errors are thrown as strings or numbers. */
declare module 'rdkit' {
  interface EmbedOptions {
    /** manual: plain distance geometry, the only one of its methods that heeds `seed`. */
    method: 'manual';
    seed: number;
    /** Trials. */
    maxIterations: number;
    /** Starts from places in a box instead of from eigenvectors of the distances. */
    useRandomCoords: boolean;
  }

  class Mol {
    static fromSmiles(smiles: string): Mol;
    addHs(): void;
    /** Below 0 without a conformer. */
    embedMolecule(options: EmbedOptions): number;
    /** First 0 at a minimum, 1 on the way to one, −1 without parameters; then the energy. */
    MMFFOptimizeMolecule(options: { mmffVariant: 'MMFF94s'; maxIters?: number }): [state: number, energy: number];
    toMolBlock(): string;
    delete(): void;
  }

  const rdkit: { Mol: typeof Mol; load(): Promise<void> };
  export default rdkit;
  export type { Mol };
}
