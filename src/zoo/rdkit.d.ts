/** Types of the parts that we use of the package `rdkit` 0.5.1, which has no types. It throws C++ errors as strings or numbers. */
declare module 'rdkit' {
  interface EmbedOptions {
    /** manual: plain distance geometry, the only method that uses `seed`. */
    method: 'manual';
    seed: number;
    /** Number of trials. */
    maxIterations: number;
    /** Starts from random coordinates in a box instead of from eigenvectors of the distances. */
    useRandomCoords: boolean;
  }

  class Mol {
    static fromSmiles(smiles: string): Mol;
    addHs(): void;
    /** Returns a negative number if no conformer was found. */
    embedMolecule(options: EmbedOptions): number;
    /** `state` is 0 at a minimum, 1 before one is reached, and −1 if parameters are missing. */
    MMFFOptimizeMolecule(options: { mmffVariant: 'MMFF94s'; maxIters?: number }): [state: number, energy: number];
    toMolBlock(): string;
    delete(): void;
  }

  const rdkit: { Mol: typeof Mol; load(): Promise<void> };
  export default rdkit;
  export type { Mol };
}
