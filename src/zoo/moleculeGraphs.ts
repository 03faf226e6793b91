/** Molecules as graphs, made by as many processes as the machine has cores. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import workerpool from 'workerpool';
import { PermafrostError } from '#contract/errors';
import type { MoleculeGraph } from './moleculeGraph.ts';
import { unreadable } from './scaffold.ts';

/**
 * In the order of `smiles`. `node`: the Node of the processes, this process's own by default, which will not do inside
 * Electron. Throws `data` naming the row of a SMILES that cannot be read, `device` when a process ends.
 */
export async function* moleculeGraphs(smiles: readonly string[], node?: string): AsyncGenerator<MoleculeGraph> {
  const pool = workerpool.pool(join(import.meta.dirname, 'moleculeWorker.ts'), {
    workerType: 'process',
    maxWorkers: Math.min(availableParallelism(), smiles.length),
    forkOpts: {
      execPath: node,
      execArgv: [],
      serialization: 'advanced', // typed arrays stay what they are
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: process.platform !== 'win32', // a terminal's Ctrl-C is for us to hear, even before they are up
    },
  });
  try {
    const graphs = smiles.map((molecule) => pool.exec('moleculeGraph', [molecule]));
    for (const graph of graphs) graph.catch(() => {}); // whoever awaits it is told
    for (const [row, graph] of graphs.entries()) {
      const made: MoleculeGraph | null = await graph.catch((cause: Error) => {
        const what = `The process that places the atoms of molecule ${row + 1} failed: ${cause.message}.`;
        throw new PermafrostError('device', `${what} Start this again.`, { cause });
      });
      if (!made) throw unreadable(row, smiles[row]);
      yield made;
    }
  } finally {
    await pool.terminate(true);
  }
}
