/**
 * `node windowProcess.ts HOME COUNT` serves the window of a home with COUNT runs and a run of a million points, `million`. It sends
 * the URL to its parent. When it receives a message, it starts a run of {@link floodTrainer} and sends the run's id.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '#app';
import { rendererFolder } from '#cli/desktop';
import { startServer } from '#cli/server';
import { parseConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import { type EntryBody, encodeEntry, type MetricRow } from '#contract/run';
import { fillHome } from '../tests/fillHome.ts';

const [home, count] = process.argv.slice(2);
const [points, perEntry] = [1_000_000, 1000];
const floodTrainer = join(import.meta.dirname, 'windowTrainer.ts');
const config = parseConfig({
  name: 'points',
  task: 'bit-xor',
  n: 5,
  num_patterns: 2,
  num_iters: points / 100,
  steps_per_iter: 100,
});

function* millionEntries(): Generator<EntryBody> {
  yield {
    ...{ kind: 'started', step: 0, totalSteps: points, device: 'cpu', trainable: 1, total: 1, deviations: [] },
  } as EntryBody;
  for (let step = 0; step < points; step += perEntry) {
    const rows = Array.from(
      { length: perEntry },
      (_, k): MetricRow => ['train_loss', step + k + 1, 0.1 + Math.abs(Math.sin(step + k)) / (1 + step / 1e5)],
    );
    yield { kind: 'metrics', rows };
  }
  yield { kind: 'ended', state: 'stopped', step: points, reason: null, result: null };
}

const folder = join(home, 'runs', 'million');
mkdirSync(folder, { recursive: true });
const identity = { id: 'million', createdAt: 0, ...configFile(config) };
writeFileSync(join(folder, 'config.json'), JSON.stringify(identity));
const lines = Array.from(millionEntries(), (body, i) => encodeEntry({ seq: i + 1, at: i, body }));
writeFileSync(join(folder, 'journal.jsonl'), lines.join(''));

const services = await createApp({ home, trainer: floodTrainer });
await fillHome(services, Number(count));
const server = await startServer({ services, root: rendererFolder, port: 0 });
process.once('message', async () => {
  const [id] = await services.runs.create([{ ...config, name: 'flood' }]);
  process.send!({ id });
});
process.once('disconnect', () => process.exit());
process.send!({ url: server.url });
