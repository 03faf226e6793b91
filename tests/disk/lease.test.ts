import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leaseText } from '#disk/heartbeat';
import { leaseHolder, openLease, silence, takeLease } from '#disk/lease';
import { isRunning, type ProcessIdentity, thisProcess } from '#disk/processes';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-lease-'));
  path = join(folder, 'lease.json');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const isLinux = process.platform === 'linux';
const elsewhere: ProcessIdentity = { host: 'node7', boot: 'another boot', namespace: 'pid:[1]', pid: 7, start: '1' };
const leave = (process: ProcessIdentity, beat = 0) => writeFileSync(path, leaseText('theirs', process, beat));
/** This process's clock, `ms` later. */
function later(ms: number): void {
  const now = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(now + ms);
}

/** A process that takes the lease and then computes without ever looking at a timer. */
async function holder(): Promise<() => Promise<void>> {
  const code = `import { takeLease } from '#disk/lease';
    await takeLease(${JSON.stringify(path)}, { thread: true });
    process.stdout.write('held', () => { for (;;); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
}

it('has one holder at a time, and is free after its release', async () => {
  const lease = await takeLease(path, { what: 'The run' });
  expect(leaseHolder(path)).toMatchObject({ token: lease.token, isAlive: true, process: { pid: process.pid } });
  await expect(takeLease(path, { what: 'The run' })).rejects.toThrow(
    `The run is in use by process ${process.pid}. Wait until it finishes, or stop it there.`,
  );
  lease.release();
  expect(existsSync(path)).toBe(false);
  (await takeLease(path)).release();
});

it('waits for a live holder on request, and names it once', async () => {
  const first = await takeLease(path);
  const told: string[] = [];
  const second = takeLease(path, { onWait: ({ token }) => told.push(token) });
  await sleep(50);
  first.release();
  (await second).release();
  expect(told).toEqual([first.token]);
});

it('is given up by a signal', async () => {
  await takeLease(path);
  await expect(takeLease(path, { onWait: () => {}, signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/i);
});

describe.skipIf(!isLinux)('a holder on this machine', () => {
  it('counts as alive while its process computes, and loses its lease at once when that is killed', async () => {
    const kill = await holder();
    expect(leaseHolder(path)?.isAlive).toBe(true);
    await expect(takeLease(path)).rejects.toMatchObject({ code: 'conflict' });
    await kill();
    expect(leaseHolder(path)?.isAlive).toBe(false);
    const start = performance.now();
    const lease = await takeLease(path);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(readdirSync(folder)).toEqual(['lease.json']);
    lease.release();
  });

  it('whose PID now belongs to another process is dead', () => {
    leave({ ...thisProcess, start: '1' });
    expect(leaseHolder(path)?.isAlive).toBe(false);
  });

  it('with our own PID, from before the container restarted, is dead', async () => {
    leave({ ...thisProcess, start: String(Number(thisProcess.start) - 5000) });
    (await takeLease(path)).release();
  });
});

describe('a holder elsewhere', () => {
  it('is unknown at first, alive while it beats, and dead after a silence', () => {
    leave(elsewhere);
    expect(leaseHolder(path)?.isAlive).toBeNull();
    leave(elsewhere, 1);
    expect(leaseHolder(path)?.isAlive).toBe(true);
    later(silence - 1000);
    expect(leaseHolder(path)?.isAlive).toBe(true);
    later(silence + 1000);
    expect(leaseHolder(path)?.isAlive).toBe(false);
  });

  it('on this machine but in another PID namespace cannot be judged by its process', () => {
    expect(isRunning({ ...thisProcess, namespace: 'pid:[another]' })).toBeNull();
  });

  it('that writes garbage, or stops while writing, is also dead after a silence', async () => {
    writeFileSync(path, '{"token":');
    expect(leaseHolder(path)?.isAlive).toBeNull();
    later(silence + 1000);
    expect(leaseHolder(path)?.isAlive).toBe(false);
    vi.restoreAllMocks();
  });
});

describe('a lease that another has taken over', () => {
  it('counts as lost for its holder once a beat is overdue, and is not released by it', async () => {
    const lease = await takeLease(path);
    expect(lease.isLost()).toBe(false);
    leave(elsewhere);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 60_000); // it slept, or its clock was set
    expect(lease.isLost()).toBe(true);
    lease.release();
    expect(leaseHolder(path)?.token).toBe('theirs');
  });

  it('is not lost because the clock was set', async () => {
    const lease = await takeLease(path);
    const now = Date.now();
    for (const jump of [-3_600_000, 86_400_000]) {
      vi.spyOn(Date, 'now').mockReturnValue(now + jump);
      expect(lease.isLost()).toBe(false);
    }
    vi.restoreAllMocks();
    lease.release();
  });
});

it('if many processes take over a dead lease at once, one of them gets it', async () => {
  leave({ ...elsewhere, host: thisProcess.host });
  leaseHolder(path);
  later(silence + 1000);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => takeLease(path)));
  const taken = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(taken.filter((lease) => !lease.isLost())).toHaveLength(1);
  expect(JSON.parse(readFileSync(path, 'utf8')).token).toBe(taken[0].token);
  vi.restoreAllMocks();
  for (const lease of taken) lease.release();
});

it('a path that is in use cannot be opened as a new lease', () => {
  const lease = openLease(path);
  expect(() => openLease(path)).toThrow(/already in use/);
  lease.release();
});
