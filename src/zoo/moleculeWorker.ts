/** A process of the pool of `moleculeGraphs.ts`. */
import workerpool from 'workerpool';

for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {}); // the pool ends it
console.warn = () => {}; // RDKitjs tells how it loads its code
const { moleculeGraph } = await import('./moleculeGraph.ts');
workerpool.worker({ moleculeGraph });
