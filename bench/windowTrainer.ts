/**
 * `node windowTrainer.ts RUNFOLDER` takes the place of a trainer. It reports a thousand steps per second, with four metrics each,
 * through a real journal, and logs a line with the present time every second.
 */
import { setTimeout } from 'node:timers/promises';
import { openJournal } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';

const perSecond = 1000;
const pause = 10; // ms between reports
const totalSteps = 1_000_000;

process.on('disconnect', () => process.exit());
const journal = openJournal(runFiles(process.argv[2]).journal, { send: (entry) => process.send!(entry) });
journal.append({ kind: 'started', step: 0, totalSteps, device: 'none', trainable: 1, total: 1, deviations: [] });
const start = Date.now();
for (let step = 0, seconds = 0; step < totalSteps; ) {
  await setTimeout(pause);
  const due = Math.floor(((Date.now() - start) * perSecond) / 1000);
  while (step < due) {
    const value = Math.exp(-step / 20_000) * (1 + 0.1 * Math.sin(step * 1.7));
    step++;
    journal.metrics([
      ['train_loss', step, value],
      ['test_loss', step, 1.2 * value],
      ['train_metric', step, 1 - value / 2],
      ['test_metric', step, 1 - value / 1.8],
    ]);
  }
  if (Date.now() - start < 1000 * (seconds + 1)) continue;
  seconds++;
  journal.log('info', `written at ${Date.now()}`);
}
