/**
 * A cluster that trains nothing: `node simulatedCluster.ts FOLDER HOME NODES SECONDS`. Its commands of Slurm lie in FOLDER/bin. Every
 * node has one run at a time, and appends to its journal once a second, as a trainer would.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EntryBody, encodeEntry } from '#contract/run';

const [folder, home] = process.argv.slice(2, 4);
const [nodes, seconds] = process.argv.slice(4).map(Number);

interface Task {
  array: string;
  index: number;
  comment: string;
  journal: string;
  /** Entries in its journal. */
  seq: number;
}

const inbox = join(folder, 'inbox');
mkdirSync(inbox, { recursive: true });
const accepted = join(folder, 'accepted');
mkdirSync(accepted);
mkdirSync(join(folder, 'bin'), { recursive: true });
const commands = {
  sbatch: `id=$(( $(ls ${inbox} | wc -l) + 1 )); cat > ${folder}/new && mv ${folder}/new ${inbox}/$id
while [ ! -e ${accepted}/$id ]; do sleep 0.02; done
echo $id`,
  squeue: `cat ${folder}/jobs`,
  sinfo: '',
  scancel: '',
  scontrol: 'echo MaxArraySize = 1001',
};
for (const [name, text] of Object.entries(commands))
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

const waiting: Task[] = [];
const running = new Set<Task>();
let submissions = 0;

for (;;) {
  const next = performance.now() + 1000;
  for (const task of running) {
    add(task, bodyOf(task));
    if (task.seq > seconds) running.delete(task);
  }
  for (const task of waiting.splice(0, nodes - running.size)) running.add(task);
  tell();
  do {
    accept();
    await sleep(50);
  } while (performance.now() < next);
}

/** Takes submissions in. As with Slurm, squeue lists a job before sbatch returns. */
function accept(): void {
  while (existsSync(join(inbox, String(submissions + 1)))) {
    const id = String(++submissions);
    const script = readFileSync(join(inbox, id), 'utf8');
    const comment = /--comment=(\S+)/.exec(script)![1];
    const runs = readFileSync(join(home, 'cluster', comment.split(':')[1], 'runs'), 'utf8')
      .trim()
      .split('\n');
    for (const [index, run] of runs.entries())
      waiting.push({ array: id, index, comment, journal: join(home, 'runs', run, 'journal.jsonl'), seq: 0 });
    tell();
    writeFileSync(join(accepted, id), '');
  }
}

function add(task: Task, body: EntryBody): void {
  appendFileSync(task.journal, encodeEntry({ seq: ++task.seq, at: Date.now(), body }));
}

function bodyOf({ seq }: Task): EntryBody {
  const [trainable, total] = [244, 800_000];
  if (seq === 0)
    return { kind: 'started', step: 0, totalSteps: seconds, device: 'cpu', trainable, total, deviations: [] };
  if (seq < seconds)
    return {
      kind: 'metrics',
      rows: [
        ['train_loss', seq, 1 / seq],
        ['test_metric', seq, 1 - 1 / seq],
      ],
      seconds: seq,
    };
  const [iterations, steps] = [seconds, seconds];
  return {
    ...{ kind: 'ended', state: 'finished', step: seconds, reason: null },
    result: {
      ...{ metric: 'accuracy', value: 0.9, loss: 0.1, samples: 64, standardError: 0.01, last100: 0.9 },
      ...{ iteration: 1, iterations, steps, stoppedEarly: false, seconds },
    },
  };
}

/** Writes what squeue prints: a line for each running task, and one for the waiting tasks of an array. */
function tell(): void {
  const lines = [...running].map(
    ({ array, index, comment }) => `${array}|${index}|RUNNING|0|0|n${index}|${comment}|None|`,
  );
  const arrays = new Map<string, Task[]>();
  for (const task of waiting) {
    const tasks = arrays.get(task.array);
    if (tasks) tasks.push(task);
    else arrays.set(task.array, [task]);
  }
  for (const [array, tasks] of arrays)
    lines.push(`${array}|${tasks[0].index}-${tasks.at(-1)!.index}|PENDING|0|0||${tasks[0].comment}|Resources|`);
  writeFileSync(join(folder, 'jobs.new'), `${lines.join('\n')}\n`);
  renameSync(join(folder, 'jobs.new'), join(folder, 'jobs'));
}
