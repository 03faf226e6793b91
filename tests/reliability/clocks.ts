/** A wall clock that is changed while a run trains, by libfaketime; monotonic clocks continue. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkJournal, claim, journalOf, start, tinySettings, until } from './lab.ts';

const library = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
].find(existsSync);

/** An hour back, then a day forward. */
export async function setClocks(log: (text: string) => void): Promise<void> {
  if (!library) return log('skipped: libfaketime is not installed (apt-get install faketime)');
  const home = mkdtempSync(join(tmpdir(), 'permafrost-clocks-'));
  const clock = join(home, 'clock');
  const set = (offset: string) => writeFileSync(clock, `${offset}\n`);
  set('+0');
  const began = performance.now();
  const { answer, ended } = start(['run', ...tinySettings(500), '--json'], {
    home,
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  const id = () => readdirSync(join(home, 'runs'))[0];
  const entries = () => (existsSync(join(home, 'runs')) && id() ? journalOf(home, id()) : []);
  await until('it trains', () => entries().some(({ body }) => body.kind === 'metrics'));
  for (const [offset, words] of [
    ['-3600', 'an hour back'],
    ['+86400', 'a day forward'],
  ]) {
    set(offset);
    await sleep(500);
    const before = entries().length;
    const at = performance.now();
    await until(`metrics come after the clock was set ${words}`, () => entries().length > before + 2, 5);
    log(`${words}: three more entries within ${((performance.now() - at) / 1000).toFixed(1)} s`);
    await sleep(2000);
  }
  set('+0');
  const { code, err } = await ended;
  const took = (performance.now() - began) / 1000;
  claim('it finishes', code === 0, err);
  const all = checkJournal(home, id());
  const times = all.map(({ at }) => at);
  claim('the clock was set', Math.min(...times.slice(1).map((at, i) => at - times[i])) < -3e6, times.length);
  const seconds = all.flatMap(({ body }) =>
    body.kind === 'metrics' && body.seconds !== undefined ? [body.seconds] : [],
  );
  claim(
    'the running time never decreases',
    seconds.every((value, i) => i === 0 || value >= seconds[i - 1]),
  );
  claim('and are those that passed', seconds.at(-1)! < took, { seconds: seconds.at(-1), took });
  const run = JSON.parse(answer.out);
  claim('so is the time of the result', run.result.seconds < took, run.result);
  const speeds = [...err.matchAll(/(-?[\d.e+]+) steps\/s/g)].map(([, speed]) => Number(speed));
  claim(
    'no speed is negative or absurd',
    speeds.length > 0 && speeds.every((speed) => speed > 0 && speed < 1e5),
    speeds,
  );
  log(
    `${seconds.at(-1)!.toFixed(1)} s of training in ${took.toFixed(1)} s in all; speeds ${Math.min(...speeds)} to ${Math.max(...speeds)} steps/s`,
  );
  rmSync(home, { recursive: true });
}
