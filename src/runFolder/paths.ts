/** The files of a run's folder, `{home}/runs/{id}`. */
import { join } from 'node:path';

/** Paths are joined when they are read: an app that follows thousands of runs asks for one file of each every second. */
class RunFolder {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }
  /** `{name, params, args}` as in dl-project, with the run's `id` and `createdAt`. */
  get config() {
    return join(this.#folder, 'config.json');
  }
  get journal() {
    return join(this.#folder, 'journal.jsonl');
  }
  get checkpoint() {
    return join(this.#folder, 'checkpoint.safetensors');
  }
  /** Trained parameters of the best iteration so far, for use elsewhere. */
  get best() {
    return join(this.#folder, 'best.safetensors');
  }
  /** Hashes of the frozen weights before and after training. */
  get frozen() {
    return join(this.#folder, 'frozen.json');
  }
  /** Tags, note, archive and trash marks. */
  get marks() {
    return join(this.#folder, 'marks.json');
  }
  /** The lease of the process that trains the run. */
  get lease() {
    return join(this.#folder, 'lease.json');
  }
  /** The cluster job that trains the run. */
  get job() {
    return join(this.#folder, 'job.json');
  }
  /** A command to a trainer in another job or on another machine. */
  get command() {
    return join(this.#folder, 'command.json');
  }
  /** The output of trainers. */
  get log() {
    return join(this.#folder, 'trainer.log');
  }
}
export type RunFiles = RunFolder;

export const runFiles = (folder: string): RunFiles => new RunFolder(folder);
