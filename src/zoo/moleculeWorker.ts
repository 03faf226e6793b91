/** A process of the pool of `moleculeGraphs.ts`. */
import workerpool from 'workerpool';

for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {}); // a console of Windows tells every process; the pool ends this one
console.warn = () => {}; // RDKitjs tells how it loads its code
const { moleculeGraph } = await import('./moleculeGraph.ts');
workerpool.worker({ moleculeGraph });
