/** A process of the pool in `moleculeGraphs.ts`. */
import workerpool from 'workerpool';

for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {}); // a Windows console signals every process, but the pool ends this one
console.warn = () => {}; // RDKitjs prints how it loads its code
const { moleculeGraph } = await import('./moleculeGraph.ts');
workerpool.worker({ moleculeGraph });
