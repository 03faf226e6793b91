/** An app that continues the runs of a home, or queues new ones in an empty home. Usage: node queueing.ts HOME COUNT ITERATIONS */
import { createApp } from '#app';
import { parseConfig } from '#contract/config';

const [home, count, iterations] = process.argv.slice(2);
const app = await createApp({ home });
app.queue.adoptOrphans();
const config = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ batch_size: 8, gpu_batch_size: 8, steps_per_iter: 20, test_steps_per_iter: 16, final_test_samples: 64 },
  ...{ early_stop: null, device: 'cpu', num_iters: Number(iterations) },
});
if (app.runs.getAll().length === 0)
  await app.runs.create(Array.from({ length: Number(count) }, (_, seed) => ({ ...config, seed })));
setInterval(() => {
  if (app.runs.getAll().every(({ state }) => state === 'finished')) process.exit();
}, 200);
