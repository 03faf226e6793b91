/** Makes the graphs of molecules in one process for each core. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import workerpool from 'workerpool';
import { PermafrostError } from '#contract/errors';
import type { MoleculeGraph } from './moleculeGraph.ts';
import { unreadable } from './scaffold.ts';

/**
 * Yields graphs in the order of `smiles`. `node` is the path of the Node that runs the processes; this process's own by default,
 * which does not work inside Electron. Throws `data` with the row of a SMILES that cannot be read, and `device` if a process exits.
 */
export async function* moleculeGraphs(smiles: readonly string[], node?: string): AsyncGenerator<MoleculeGraph> {
  const pool = workerpool.pool(join(import.meta.dirname, 'moleculeWorker.ts'), {
    workerType: 'process',
    maxWorkers: Math.min(availableParallelism(), smiles.length),
    forkOpts: {
      execPath: node,
      execArgv: [],
      serialization: 'advanced', // keeps typed arrays
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: process.platform !== 'win32', // so that Ctrl-C in a terminal reaches only this process
    },
  });
  try {
    const graphs = smiles.map((molecule) => pool.exec('moleculeGraph', [molecule]));
    for (const graph of graphs) graph.catch(() => {}); // avoids unhandled rejections; the loop below throws the error
    for (const [row, graph] of graphs.entries()) {
      const made: MoleculeGraph | null = await graph.catch((cause: Error) => {
        const what = `The process that computes the coordinates of molecule ${row + 1} failed: ${cause.message}.`;
        throw new PermafrostError('device', `${what} Try again.`, { cause });
      });
      if (!made) throw unreadable(row, smiles[row]);
      yield made;
    }
  } finally {
    await pool.terminate(true);
  }
}
