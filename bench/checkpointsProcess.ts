/**
 * `node checkpointsProcess.ts HOME weights|learner` prepares a run on the gpt2 of a home, and reports seconds and memory. Memory
 * includes mapped pages of files.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { openJournal } from '#runFolder/journal';
import { taskOf } from '#tasks/index';
import { prepare } from '#trainer/prepare';
import { prepareWeights } from '#trainer/weights';

const [home, what] = process.argv.slice(2);
const config = parseConfig({ task: 'bit-xor', n: 5, num_patterns: 2, model_name: 'gpt2', device: 'cpu' });
const megabytes = (field: 'VmRSS' | 'VmHWM' | 'RssAnon'): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;

const [start, before, copied] = [performance.now(), megabytes('VmRSS'), megabytes('RssAnon')];
if (what === 'weights') {
  const model = buildModel(config, taskOf(config).shape(config));
  prepareWeights({ config, model, home, log: () => {} });
} else {
  const journal = openJournal(join(home, 'journal.jsonl'), { send: () => {} });
  await prepare({ config, home, journal });
}
const figures = {
  seconds: (performance.now() - start) / 1000,
  extraMegabytes: megabytes('VmHWM') - before,
  copiedMegabytes: megabytes('RssAnon') - copied,
};
process.send!(figures, () => process.exit(0));
