/** Two machines, or two containers, on one home: PID, network and host name namespaces. Needs root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkJournal, claim, journalOf, permafrost, project, start, tinySettings, until } from './lab.ts';

/** Wrapper that puts a command on a machine of that name. Killing it kills everything inside. */
const on = (host: string): string[] => [
  ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--net', '--uts'],
  ...['sh', '-c', `hostname ${host}; exec "$@"`, 'sh'],
];

async function inHome<T>(use: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'permafrost-shared-'));
  try {
    return await use(home);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

const stepOf = (home: string, id: string): number =>
  journalOf(home, id).reduce((step, { body }) => (body.kind === 'metrics' ? body.rows.at(-1)![1] : step), 0);
const starts = (home: string, id: string): number =>
  journalOf(home, id).filter(({ body }) => body.kind === 'started').length;
const idsIn = (home: string): string[] => {
  try {
    return readdirSync(join(home, 'runs'));
  } catch {
    return [];
  }
};
/** Trainers of a run on the real machine, whatever namespaces they are in. */
const trainersOf = (id: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8')
            .split('\0')
            .some((word) => word.endsWith(`/runs/${id}`)) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
        );
      } catch {
        return false;
      }
    })
    .map(Number);

type Log = (text: string) => void;

/** B shows and resumes a run that A trains; then A is cut off. */
export async function takenOver(log: Log): Promise<void> {
  await inHome(async (home) => {
    const a = start(['run', ...tinySettings(100_000)], { home, under: on('machine-a') });
    await until('A trains', () => idsIn(home).length > 0 && stepOf(home, idsIn(home)[0]) > 20);
    const [id] = idsIn(home);
    const before = journalOf(home, id).length;
    const list = await permafrost(['list', '--json'], { home, under: on('machine-b') });
    claim('B lists the run as running', JSON.parse(list.out).runs[0].state === 'running', list);
    claim('A goes on', a.child.exitCode === null);
    const resume = await permafrost(['resume', id], { home, under: on('machine-b') });
    log(
      `B's resume of a living run: exit ${resume.code} after ${(resume.took / 1000).toFixed(1)} s: ${resume.err.trim()}`,
    );
    claim('B refuses to resume it', resume.code === 4 && /machine-a/.test(resume.err), resume);
    claim('one trainer', trainersOf(id).length === 1, trainersOf(id));
    claim('A trained meanwhile', journalOf(home, id).length > before);
    claim('and never began again', starts(home, id) === 1);
    const killed = performance.now();
    a.child.kill('SIGKILL'); // with its namespace
    await a.ended;
    await until('the trainer of A is gone', () => trainersOf(id).length === 0, 5);
    const step = stepOf(home, id);
    const b = start(['resume', id], { home, under: on('machine-b') });
    await until('B takes over', () => starts(home, id) === 2 && stepOf(home, id) > step, 90);
    log(`B trains ${((performance.now() - killed) / 1000).toFixed(1)} s after A was killed`);
    claim('within 60 s', performance.now() - killed < 60_000);
    b.child.kill('SIGKILL');
    await b.ended;
    await until('all gone', () => trainersOf(id).length === 0, 5);
    checkJournal(home, id);
  });
}

/** Both run the same sweep at once. */
export async function sweptTwice(log: Log): Promise<void> {
  await inHome(async (home) => {
    const words = ['sweep', ...tinySettings(40), '--grid', 'learning_rate=0.001,0.01', '--seeds', '3', '--json'];
    const [a, b] = ['machine-a', 'machine-b'].map((host) => start(words, { home, under: on(host) }));
    const slow = setTimeout(() => log(`${a.answer.err}\n---\n${b.answer.err}`), 120_000);
    const [first, second] = await Promise.all([a.ended, b.ended]);
    clearTimeout(slow);
    claim('both end well', first.code === 0 && second.code === 0, [first, second]);
    log(
      `two sweeps of six configs at once: ${idsIn(home).length} runs, ${(first.took / 1000).toFixed(0)} s and ${(second.took / 1000).toFixed(0)} s`,
    );
    claim('one run per config', idsIn(home).length === 6, idsIn(home));
    for (const id of idsIn(home)) {
      checkJournal(home, id);
      claim(`${id} was trained once`, starts(home, id) === 1, starts(home, id));
    }
  });
}

/** A container is killed with one run running and two queued, and restarted: its processes have the same PIDs. */
export async function restarted(log: Log): Promise<void> {
  await inHome(async (home) => {
    const words = [process.execPath, join(import.meta.dirname, 'queueing.ts'), home, '3', '100'];
    const inContainer = () => {
      const [program, ...rest] = [...on('container'), ...words];
      const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'], cwd: project });
      process.once('exit', () => child.kill('SIGKILL'));
      return child;
    };
    const first = inContainer();
    await until('one trains', () => idsIn(home).length === 3 && idsIn(home).some((id) => stepOf(home, id) > 20));
    first.kill('SIGKILL');
    await once(first, 'exit');
    await until('its trainer is gone', () => idsIn(home).every((id) => trainersOf(id).length === 0), 5);
    const start = performance.now();
    const written = () => idsIn(home).reduce((sum, id) => sum + journalOf(home, id).length, 0);
    const before = written();
    const second = inContainer();
    await until('one goes on', () => written() > before, 90);
    log(`a restarted container trains after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    await Promise.race([once(second, 'exit'), sleep(120_000)]);
    claim('all three finish', second.exitCode === 0, second.exitCode);
    for (const id of idsIn(home)) checkJournal(home, id);
  });
}

/** A's trainer sleeps for longer than the silence; B takes over; A's wakes up. */
export async function asleep(log: Log): Promise<void> {
  await inHome(async (home) => {
    const a = start(['run', ...tinySettings(100_000)], { home, under: on('machine-a') });
    await until('A trains', () => idsIn(home).length > 0 && stepOf(home, idsIn(home)[0]) > 20);
    const [id] = idsIn(home);
    const [trainer] = trainersOf(id);
    const apps = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`PERMAFROST_HOME=${home}`);
        } catch {
          return false;
        }
      });
    for (const pid of apps) process.kill(pid, 'SIGSTOP'); // the machine sleeps
    const b = start(['resume', id], { home, under: on('machine-b') });
    await until('B takes over', () => starts(home, id) === 2, 90);
    await until('B trains', () => stepOf(home, id) > 0);
    await sleep(2000);
    for (const pid of apps) process.kill(pid, 'SIGCONT');
    await until('the trainer of A ends', () => !trainersOf(id).includes(trainer), 30);
    await sleep(3000);
    claim('B goes on', b.child.exitCode === null, b.answer);
    claim('one trainer', trainersOf(id).length === 1, trainersOf(id));
    log(`A said: ${a.answer.err.trim().split('\n').slice(-2).join(' | ')}`);
    b.child.kill('SIGKILL');
    a.child.kill('SIGKILL');
    await Promise.all([a.ended, b.ended]);
    await until('all gone', () => trainersOf(id).length === 0, 5);
    checkJournal(home, id);
  });
}
