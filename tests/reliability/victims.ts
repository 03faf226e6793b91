/** The commands that are killed: how each begins, what a user runs next, and the expected outcome. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '#contract/config';
import { writeRunConfig } from '#runFolder/config';
import { openStore } from '#store/store';
import { tiny } from '../trainer/lab.ts';
import { type Command, contentOf, killProcess, type Place, processesOf, start, type Working } from './place.ts';
import { resultsOf } from './rules.ts';

export interface Victim {
  name: string;
  /** What the home has before. */
  from: keyof typeof beginnings;
  /** What a user runs next. */
  next(place: Place): Command | Promise<Command>;
  /** Exit codes with which the work is done. */
  codes: readonly number[];
  /** The outcome, which kills must not change. */
  outcome(place: Place): unknown;
  /** It has trainers, which can be killed alone or left alone. */
  hasTrainers?: boolean;
  /** Ends a command that keeps running when its work is done. */
  leave?(place: Place, working: Working): Promise<void>;
  /** Run after all. */
  last?: Command;
}

const settings = { ...tiny, num_iters: 10, steps_per_iter: 30 };
const set = (changes: object): string[] =>
  Object.entries({ ...settings, ...changes }).flatMap(([field, value]) => ['--set', `${field}=${value ?? 'none'}`]);

const sweep: Command = ['permafrost', 'sweep', ...set({}), '--grid', 'learning_rate=0.01,0.02', '--seeds', '1'];
const trainerFolder = ({ home }: Place): string => join(home, 'runs', 'alone');

async function done(place: Place, command: Command): Promise<void> {
  const { code, stderr } = await start(place, command).ended;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
}

/** How homes begin; made once and copied. */
export const beginnings = {
  nothing: async () => {},
  'a run folder': async (place: Place) => {
    const folder = trainerFolder(place);
    mkdirSync(folder, { recursive: true });
    writeRunConfig(folder, { id: 'alone', createdAt: 1, config: parseConfig({ ...settings, num_iters: 20 }) });
  },
  'finished runs': finishedRuns,
  'a bundle': async (place: Place) => {
    await finishedRuns(place);
    await done(place, ['permafrost', 'export', 'bundle.zip']);
  },
  'a damaged store': async (place: Place) => {
    await finishedRuns(place);
    const path = join(place.home, 'permafrost.db');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(7, 100, 9000));
  },
  'a run that lost its app': async (place: Place) => {
    const working = start(place, ['permafrost', 'run', ...set({ num_iters: 40 })]);
    while (!Object.keys(contentOf(place.home)).some((name) => name.endsWith('checkpoint.safetensors'))) await sleep(20);
    for (const pid of processesOf(place)) killProcess(pid);
    await working.ended;
  },
  'an added model': (place: Place) => done(place, ['permafrost', 'zoo', 'add', 'me/golden']),
  'a fetched model': async (place: Place) => {
    await done(place, ['permafrost', 'zoo', 'add', 'me/golden']);
    await done(place, ['permafrost', 'zoo', 'pull', 'me/golden']);
  },
};

async function finishedRuns(place: Place): Promise<void> {
  await done(place, [...sweep, '--slots', '2']);
  const id = Object.keys(contentOf(join(place.home, 'runs')))[0];
  await done(place, ['permafrost', 'tag', id, 'kept', 'twice']);
}

/** Resumes the run in the store, or starts one if there is none. */
async function runOrResume(place: Place): Promise<Command> {
  const path = join(place.home, 'permafrost.db');
  if (!existsSync(path)) return ['permafrost', 'run', ...set({})];
  const store = await openStore(path, { reads: true });
  const [run] = store.runs.list();
  store.close();
  return run ? ['permafrost', 'resume', run.id] : ['permafrost', 'run', ...set({})];
}

const exported = (name: string): Victim => ({
  name: `export ${name}`,
  from: 'finished runs',
  next: () => ['permafrost', 'export', '--format', name, name],
  codes: [0],
  outcome: ({ out }) => contentOf(out),
});

const without = (content: Record<string, string>, hidden: RegExp): Record<string, string> =>
  Object.fromEntries(Object.entries(content).filter(([name]) => !hidden.test(name)));

/** The table that a sweep wrote, without the names of its runs. */
const meansIn = ({ out }: Place): string => readFileSync(join(out, 'means.csv'), 'utf8').replace(/bit-xor-\w{6}/g, '');

export const victims: readonly Victim[] = [
  {
    name: 'trainer',
    from: 'a run folder',
    next: (place) => ['trainer', trainerFolder(place)],
    codes: [0, 2], // 2: it was finished already
    outcome: resultsOf,
    last: ['permafrost', 'rebuild'],
  },
  {
    name: 'run',
    from: 'nothing',
    next: runOrResume,
    codes: [0, 4], // 4: it was finished already
    outcome: resultsOf,
    hasTrainers: true,
  },
  {
    name: 'sweep',
    from: 'nothing',
    next: () => [...sweep, '--slots', '2', '--out', 'means.csv'],
    codes: [0],
    outcome: (place) => [resultsOf(place), Object.keys(contentOf(place.out)), meansIn(place)],
    hasTrainers: true,
  },
  {
    name: 'reproduce',
    from: 'nothing',
    next: () => ['permafrost', 'reproduce', 'regimes', '--cells', 'bit-xor/FPT', '--seeds', '1', '--out', 'table.csv'],
    codes: [0],
    outcome: (place) => [resultsOf(place), Object.keys(contentOf(place.out))],
    hasTrainers: true,
  },
  {
    name: 'serve',
    from: 'a run that lost its app',
    next: () => ['permafrost', 'serve', '--port', '0'],
    codes: [0],
    outcome: resultsOf,
    async leave(place, { child }) {
      await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]); // it handles signals from then on
      while (resultsOf(place).length === 0 && child.exitCode === null) await sleep(100);
      child.kill('SIGTERM');
    },
  },
  {
    name: 'rebuild',
    from: 'a damaged store',
    next: () => ['permafrost', 'rebuild'],
    codes: [0],
    outcome: resultsOf,
  },
  ...['runs.csv', 'metrics.csv', 'tensorboard.zip', 'bundle.zip'].map(exported),
  {
    name: 'tag',
    from: 'finished runs',
    next: (place) => ['permafrost', 'tag', Object.keys(contentOf(join(place.home, 'runs')))[0], 'new'],
    codes: [0],
    outcome: ({ home }) => without(contentOf(join(home, 'runs')), /trainer\.log$/),
  },
  {
    name: 'verify',
    from: 'a bundle',
    next: () => ['permafrost', 'verify', 'bundle.zip', '--rerun'],
    codes: [0],
    outcome: (place) => [resultsOf(place), contentOf(place.out)],
    hasTrainers: true,
  },
  {
    name: 'zoo pull',
    from: 'an added model',
    next: () => ['permafrost', 'zoo', 'pull', 'me/golden'],
    codes: [0],
    outcome: ({ hub }) => contentOf(hub),
  },
  {
    name: 'zoo rm',
    from: 'a fetched model',
    next: () => ['permafrost', 'zoo', 'rm', 'me/golden'],
    codes: [0, 4], // 4: it was removed already
    outcome: ({ hub, home }) => [contentOf(hub), contentOf(join(home, 'models'))],
  },
  {
    name: 'data pull',
    from: 'nothing',
    next: ({ environment: { DATA_URL = '', DATA_SHA256 = '' } }) => ['pull', DATA_URL, DATA_SHA256],
    codes: [0],
    outcome: ({ home }) => without(contentOf(home), /index\.safetensors$/), // it holds file times
  },
];
