/** A lab in a temporary folder, and trainer processes working on its runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import type { FinalResult, JournalEntry, TrainerHeard } from '#contract/run';
import { writeSealed } from '#disk/sealed';
import { readSafetensors, type SafetensorsType, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import type { Ended } from '#trainer/train';

export const mainFile = fileURLToPath(import.meta.resolve('#trainer/main'));

/** Bit XOR of 4 bits on a body of one layer: about a millisecond a step. */
export const tiny = {
  ...{ task: 'bit-xor', n: 4, num_patterns: 2 },
  ...{ pretrained: false, n_layer: 1, n_embd: 16, n_head: 2, n_positions: 8, device: 'cpu' },
  ...{ batch_size: 8, gpu_batch_size: 8, learning_rate: 0.01, early_stop: null },
  ...{ num_iters: 4, steps_per_iter: 10, test_steps_per_iter: 20, final_test_samples: 50 },
};

export interface Run {
  folder: string;
  files: ReturnType<typeof runFiles>;
}

export interface Lab {
  home: string;
  addRun(id: string, settings?: object): Run;
  remove(): void;
}

export function openLab(disk = tmpdir()): Lab {
  const home = mkdtempSync(join(disk, 'permafrost-trainer-'));
  return {
    home,
    addRun(id, settings = {}) {
      const folder = join(home, 'runs', id);
      mkdirSync(folder, { recursive: true });
      const files = runFiles(folder);
      const file = { id, createdAt: 1, ...configFile(parseConfig({ ...tiny, ...settings })) };
      writeFileSync(files.config, JSON.stringify(file));
      return { folder, files };
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export interface Trainer {
  child: ChildProcess;
  /** Entries it has sent so far. */
  sent: JournalEntry[];
  /** Resolves to the first matching entry of this session. */
  entry(fits: (entry: JournalEntry) => boolean): Promise<JournalEntry>;
  exit: Promise<Exit>;
  /** What it has printed on stderr so far. */
  printed(): string;
}

export interface StartOptions {
  home?: string;
  threads?: string;
  /** Largest file that it may write, in KiB. */
  fileLimit?: number;
}

/** Starts a trainer on a run; its messages are collected. */
export function startTrainer(run: Run, { home, threads = '1', fileLimit }: StartOptions = {}): Trainer {
  const env = { ...process.env, PERMAFROST_THREADS: threads, ...(home && { PERMAFROST_HOME: home }) };
  const command = [process.execPath, mainFile, run.folder];
  const [file, ...args] = fileLimit
    ? ['bash', '-c', `ulimit -S -f ${fileLimit}; exec "$@"`, 'bash', ...command]
    : command;
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const sent: JournalEntry[] = [];
  const watchers = new Set<() => void>();
  let stderr = '';
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  child.on('message', (message: JournalEntry | TrainerHeard) => {
    if ('heard' in message) return;
    sent.push(message);
    for (const watcher of watchers) watcher();
  });
  const exit = Promise.all([once(child, 'exit'), once(child.stderr!, 'end')]).then(
    ([[code, signal]]): Exit => ({ code, signal, stderr }),
  );
  return {
    child,
    sent,
    exit,
    printed: () => stderr,
    entry: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = sent.find(fits);
          if (found) resolve(found);
        };
        watchers.add(look);
        look();
        void exit.then(({ stderr }) => reject(new Error(`the trainer ended first. ${stderr}`)));
      }),
  };
}

/** Runs a trainer to its end. */
export async function finishRun(run: Run, options?: StartOptions): Promise<Exit> {
  return startTrainer(run, options).exit;
}

export const isKind =
  <K extends JournalEntry['body']['kind']>(kind: K) =>
  ({ body }: JournalEntry): boolean =>
    body.kind === kind;

export const entriesOf = (run: Run): JournalEntry[] => [...readEntries(run.files.journal)];

/** How the run's journal ends. */
export const endOf = (run: Run): Ended => entriesOf(run).findLast(isKind('ended'))?.body as Ended;

/** The run's valid metrics as `key step value` lines: entries after a restart replace those that it voids. */
export function metricsOf(run: Run): string[] {
  const rows = new Map<string, number>();
  for (const { body } of entriesOf(run)) {
    if (body.kind === 'started')
      for (const key of [...rows.keys()]) if (Number(key.split(' ')[1]) > body.step) rows.delete(key);
    if (body.kind === 'metrics') for (const [key, step, value] of body.rows) rows.set(`${key} ${step}`, value);
  }
  return [...rows].map(([key, value]) => `${key} ${value}`);
}

/** Everything that interruptions must not change: tensors, metrics, result without its time. */
export function outcomeOf(run: Run) {
  const { result } = endOf(run);
  return { result: { ...(result as FinalResult), seconds: 0 }, metrics: metricsOf(run), ...tensorsOf(run) };
}

/** Bytes of the checkpoint's and best weights' tensors by name. */
export function tensorsOf(run: Run): { checkpoint: Record<string, string>; best: Record<string, string> } {
  return { checkpoint: tensorsIn(run.files.checkpoint), best: tensorsIn(run.files.best) };
}

function tensorsIn(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const source = bytesSource(readFileSync(path));
  const hex = [...readSafetensors(source).tensors].map(([name, tensor]) => {
    const { buffer } = tensorData(source, tensor);
    return [name, Buffer.from(buffer).toString('hex')];
  });
  return Object.fromEntries(hex);
}

/** Replaces the first value of a tensor in a checkpoint and updates the checksum. */
export function overwrite(path: string, name: string, value: number): void {
  const bytes = readFileSync(path);
  const { metadata, tensors } = readSafetensors(bytesSource(bytes));
  const { 'permafrost.sha256': _, ...rest } = metadata;
  bytes.writeFloatLE(value, tensors.get(name)!.offset);
  const specs = [...tensors].map(([each, { shape, dtype }]) => [each, { shape, dtype: dtype as SafetensorsType }]);
  const chunks = [...tensors.values()].map(({ offset, length }) => bytes.subarray(offset, offset + length));
  writeSealed(path, { tensors: Object.fromEntries(specs), metadata: rest, chunks });
}
