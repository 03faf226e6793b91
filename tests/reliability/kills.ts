/**
 * Kills commands at random moments (SIGKILL), with all their processes or only one of them; then does what a user would
 * do next and checks whether anything was lost, doubled, torn or left over, and whether the result equals that of an undisturbed
 * command, bit for bit.
 *
 * The seed decides the choices. A moment is a share of the command's duration, a number of file changes, or a
 * point before, during or after one of its file operations, at which it kills itself.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { randomStream } from '#contract/random';
import type { Run } from '#contract/run';
import { openHub } from '../zoo/hubServer.ts';
import { openServer } from '../zoo/server.ts';
import {
  type Command,
  closePlace,
  type Ended,
  isQuietWithin,
  killerOf,
  killProcess,
  onChanges,
  openPlace,
  type Place,
  processesOf,
  start,
  takeReport,
  traceOf,
  type Working,
} from './place.ts';
import { leftovers, runsRest, saysWhatItDoes, storeMatchesFolders } from './rules.ts';
import { beginnings, type Victim, victims } from './victims.ts';

export interface KillOptions {
  /** Kills in all, shared by the victims. */
  count: number;
  seed: number;
  /** Names of victims; all by default. */
  only?: readonly string[];
  /** How moments are chosen; points alone are the same every time. `every`: each point of each command once, whatever `count` says. */
  moments?: readonly Moment[] | 'every';
  /** Called with every problem as it is found, and every finished victim. */
  say?(line: string): void;
  /** Keeps the folders of kills that left a problem. */
  keeps?: boolean;
}

export interface Tally {
  victim: string;
  kills: number;
  problems: string[];
}

const mostKills = 5; // of one command before it may come to its end
const mostTurns = 3; // for each kill, since commands may be faster than their killer
const patience = 240_000; // ms for a command that is not killed

type Mode = 'all' | 'parent' | 'trainers';
const allMoments = ['time', 'changes', 'point'] as const;
export type Moment = (typeof allMoments)[number];

/** Kills each victim its share of times. */
export async function killAll(options: KillOptions): Promise<Tally[]> {
  const { count, only, say = () => {} } = options;
  const chosen = victims.filter(({ name }) => !only || only.includes(name));
  const world = await openWorld();
  const tallies: Tally[] = [];
  try {
    for (const [i, victim] of chosen.entries()) {
      const share = Math.floor(count / chosen.length) + (i < count % chosen.length ? 1 : 0);
      if (share === 0 && options.moments !== 'every') continue;
      const tally = await killOften(victim, world, { ...options, say, count: share });
      tallies.push(tally);
      say(`${tally.victim}: ${tally.kills} kills, ${tally.problems.length} problems`);
    }
  } finally {
    await world.close();
  }
  return tallies;
}

interface World {
  environment: NodeJS.ProcessEnv;
  /** A place with this beginning, made once. */
  beginning(name: keyof typeof beginnings): Promise<Place>;
  close(): Promise<void>;
}

/** The servers that commands fetch from, and the beginnings of homes. */
async function openWorld(): Promise<World> {
  const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
  const config = { model_type: 'gpt2', ...JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).config };
  const files = {
    'config.json': Buffer.from(JSON.stringify(config)),
    'pytorch_model.bin': readFileSync(join(golden, 'f04-legacy-fp16-bare.bin')),
  };
  const hub = await openHub({ 'me/golden': { commit: 'b'.repeat(40), files } });
  hub.storage.answer((request, response) => answerSlowly(files['pytorch_model.bin'], request.headers.range, response));
  const data = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 8));
  const server = await openServer();
  server.answer((request, response) => answerSlowly(data, request.headers.range, response));
  const sha256 = createHash('sha256').update(data).digest('hex');
  const environment = { HF_ENDPOINT: hub.api.url, DATA_URL: `${server.url}/waves.bin`, DATA_SHA256: sha256 };
  const places = new Map<string, Promise<Place>>();
  return {
    environment,
    beginning(name) {
      const make = async () => {
        const place = openPlace(environment);
        await beginnings[name](place);
        return place;
      };
      if (!places.has(name)) places.set(name, make());
      return places.get(name)!;
    },
    async close() {
      for (const place of await Promise.all(places.values())) closePlace(place);
      await hub.close();
      await server.close();
    },
  };
}

/** The content by range in pieces with pauses, about a second in all. */
async function answerSlowly(content: Buffer, range: string | undefined, response: ServerResponse): Promise<void> {
  const begin = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (begin >= content.length) return void response.writeHead(416).end();
  const headers = { 'content-length': content.length - begin, etag: '"v1"' };
  const where = { 'content-range': `bytes ${begin}-${content.length - 1}/${content.length}` };
  response.writeHead(range ? 206 : 200, range ? { ...headers, ...where } : headers);
  const piece = Math.ceil(content.length / 20);
  for (let at = begin; at < content.length && !response.destroyed; at += piece) {
    response.write(content.subarray(at, at + piece));
    await sleep(50);
  }
  response.end();
}

/** Duration and outcome of an undisturbed command. */
interface Whole {
  time: number;
  changes: number;
  /** File operations of each program, twice. */
  points: Record<string, number>;
  outcome: unknown;
}

async function measure(victim: Victim, environment: NodeJS.ProcessEnv, from: Place): Promise<Whole> {
  const place = openPlace(environment, from);
  let changes = 0;
  const stop = onChanges(place, () => changes++);
  try {
    const begin = performance.now();
    const problems = await finish(victim, place, killerOf(place, ''));
    if (problems.length > 0) throw new Error(`${victim.name}, undisturbed: ${problems.join('\n')}`);
    const { points } = takeReport(place);
    return { time: performance.now() - begin, changes, points, outcome: await victim.outcome(place) };
  } finally {
    stop();
    closePlace(place);
  }
}

async function killOften(
  victim: Victim,
  world: World,
  { count, seed, moments = allMoments, say, keeps }: KillOptions & { say(line: string): void },
): Promise<Tally> {
  const from = await world.beginning(victim.from);
  const whole = await measure(victim, world.environment, from);
  const tally: Tally = { victim: victim.name, kills: 0, problems: [] };
  const turns = moments === 'every' ? everyPoint((await victim.next(from))[0], whole) : atRandom();
  for (const [turn, plans] of [...turns].entries()) {
    if (moments !== 'every' && tally.kills >= count) break;
    const place = openPlace(world.environment, from);
    const told: string[] = [];
    const problems: string[] = [];
    for (const plan of plans.slice(0, moments === 'every' ? 1 : count - tally.kills)) {
      const { text, isKilled, problems: found } = await kill(victim, place, whole, plan);
      told.push(text);
      problems.push(...found);
      if (isKilled) tally.kills++;
    }
    problems.push(...(await checkEnd(victim, place, whole)));
    const where = keeps && problems.length > 0 ? ` in ${place.root}` : '';
    for (const problem of problems) say(`${victim.name}, turn ${turn}${where}, ${told.join('; ')}: ${problem}`);
    tally.problems.push(...problems);
    if (!where) closePlace(place);
  }
  return tally;

  /** Turns of one to some kills; more turns than kills, since commands may be faster than their killer. */
  function* atRandom(): Generator<Plan[]> {
    const modes = modesOf(victim);
    const ways = moments === 'every' ? allMoments : moments;
    for (let turn = 0; turn < mostTurns * count; turn++) {
      const random = randomStream(seed, victim.name, turn);
      const pick = <T>(of: readonly T[]): T => of[random.below(of.length)];
      const kills = 1 + random.below(mostKills);
      yield Array.from({ length: kills }, () => ({ how: pick(ways), mode: pick(modes), share: random.uniform() }));
    }
  }
}

/** A planned kill; `share` says how far into the command. */
interface Plan {
  how: Moment;
  mode: Mode;
  share: number;
}

function* everyPoint(program: string, { points }: Whole): Generator<Plan[]> {
  for (let at = 0; at < points[program]; at++)
    yield [{ how: 'point', mode: at % 2 ? 'parent' : 'all', share: (at + 0.5) / points[program] }];
}

interface Killed {
  text: string;
  isKilled: boolean;
  problems: string[];
}

const modesOf = ({ hasTrainers, leave }: Victim): Mode[] =>
  hasTrainers ? ['all', 'parent', 'trainers'] : leave ? ['all', 'parent'] : ['all'];

/** Starts the next command and kills it, unless it is faster. */
async function kill(victim: Victim, place: Place, whole: Whole, { how, mode, share }: Plan): Promise<Killed> {
  const command = await victim.next(place);
  if (how === 'point') return killAtPoint(victim, place, command, mode, share, whole);
  const byChange = how === 'changes';
  const moment = byChange ? Math.ceil(share * whole.changes) : share * whole.time;
  const text = `${command.slice(0, 2).join(' ')}: ${mode} after ${Math.round(moment)} ${byChange ? 'changes' : 'ms'}`;
  const waited = byChange ? afterChanges(place, moment) : { come: sleep(moment), stop: () => {} };
  const working = start(place, command);
  void victim.leave?.(place, working);
  const ended = await Promise.race([working.ended, waited.come.then(() => null)]);
  waited.stop();
  if (ended)
    return { text: `${text}, too late`, isKilled: false, problems: saysWhatItDoes(ended, [...victim.codes, 3]) };
  const parent = working.child.pid!;
  const trainers = processesOf(place).filter((pid) => pid !== parent);
  if (mode === 'trainers' && trainers.length > 0) {
    for (const pid of trainers) killProcess(pid);
    return { text, isKilled: true, problems: saysWhatItDoes(await within(working), [...victim.codes, 3]) };
  }
  killProcess(parent);
  await working.ended;
  return { text, isKilled: true, problems: mode === 'parent' ? [] : await killRest(victim, place) };
}

/** Lets the command or its trainers end themselves at a file operation. */
async function killAtPoint(
  victim: Victim,
  place: Place,
  command: Command,
  mode: Mode,
  share: number,
  { points }: Whole,
): Promise<Killed> {
  const program = mode === 'trainers' ? 'trainer' : command[0];
  const at = Math.floor(share * points[program]);
  const working = start(place, command, killerOf(place, program, at));
  void victim.leave?.(place, working);
  const ended = await within(working);
  const [point] = takeReport(place).killed;
  const text = `${command.slice(0, 2).join(' ')}: ${mode} at ${point ?? `point ${at}, too late`}`;
  const isOver = point === undefined || program !== command[0];
  const problems = isOver ? saysWhatItDoes(ended, [...victim.codes, 3]) : [];
  if (!isOver && mode !== 'parent') problems.push(...(await killRest(victim, place)));
  return { text, isKilled: point !== undefined, problems };
}

/** Kills what the command left running, and lists the runs. */
async function killRest({ from }: Victim, place: Place): Promise<string[]> {
  for (let left = processesOf(place); left.length > 0; left = processesOf(place))
    for (const pid of left) killProcess(pid);
  return (await look(place, from === 'a damaged store' ? [0, 5] : [0])).problems;
}

function afterChanges(place: Place, count: number): { come: Promise<void>; stop(): void } {
  let stop = () => {};
  const come = new Promise<void>((resolve) => {
    let seen = 0;
    stop = onChanges(place, () => ++seen >= count && resolve());
  });
  return { come, stop };
}

/** Waits for a command to exit and kills it after the time limit. */
async function within({ child, ended }: Working): Promise<Ended> {
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

async function runTo(
  place: Place,
  command: Command,
  { victim, killer }: { victim?: Victim; killer?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const working = start(place, command, killer);
  void victim?.leave?.(place, working);
  return within(working);
}

/** Does what a user does next until the work is done. */
async function finish(victim: Victim, place: Place, killer?: NodeJS.ProcessEnv): Promise<string[]> {
  const ended = await runTo(place, await victim.next(place), { victim, killer });
  const problems = saysWhatItDoes(ended, victim.codes);
  if (victim.last) problems.push(...saysWhatItDoes(await runTo(place, victim.last), [0]));
  return problems;
}

/** Lists the runs, which must change nothing. */
async function look(place: Place, codes: readonly number[] = [0]): Promise<{ runs: Run[]; problems: string[] }> {
  const before = traceOf(place.home);
  const ended = await runTo(place, ['permafrost', 'list', '--json']);
  const after = traceOf(place.home);
  const problems = saysWhatItDoes(ended, codes);
  const changed = Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
  if (changed.length > 0) problems.push(`list changed ${changed.join(', ')}`);
  return { runs: ended.code === 0 ? JSON.parse(ended.stdout).runs : [], problems };
}

async function checkEnd(victim: Victim, place: Place, whole: Whole): Promise<string[]> {
  const problems = await finish(victim, place);
  if (!(await isQuietWithin(place, 20_000))) problems.push('processes are left over');
  const { runs, problems: listing } = await look(place);
  problems.push(...listing, ...runsRest(runs, place), ...leftovers(place));
  if (existsSync(join(place.home, 'permafrost.db'))) problems.push(...(await storeMatchesFolders(place)));
  const outcome = await victim.outcome(place);
  if (!isDeepStrictEqual(outcome, whole.outcome))
    problems.push(`the outcome is another: ${difference(outcome, whole.outcome)}`);
  return problems;
}

/** The first place where two outcomes differ. */
function difference(found: unknown, expected: unknown): string {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  const part = (text: string) => text.slice(Math.max(0, at - 100), at + 200);
  return `${part(a)} instead of ${part(b)}`;
}
