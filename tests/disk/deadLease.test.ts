/** Leases of other machines, judged by their beats alone, and what a killed claim leaves. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { leaseText } from '#disk/heartbeat';
import { dropDeadLease, leaseHolder, openLease, silence } from '#disk/lease';
import { elsewhere } from './elsewhere.ts';

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

/** This process's clock, set ahead by `ms`. */
const ahead = (ms: number) => {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
};

it('a dead lease of another machine is watched once and removed, so that later callers do not wait for it', () => {
  writeFileSync(path, leaseText('theirs', elsewhere, 7));
  dropDeadLease(path);
  expect(leaseHolder(path)).toMatchObject({ token: 'theirs', isAlive: null });
  ahead(silence);
  dropDeadLease(path);
  expect(existsSync(path)).toBe(false);
  openLease(path).release();
});

it('a lease that beats is not removed, however long it is watched', () => {
  writeFileSync(path, leaseText('theirs', elsewhere, 7));
  leaseHolder(path);
  ahead(silence);
  writeFileSync(path, leaseText('theirs', elsewhere, 8));
  dropDeadLease(path);
  expect(leaseHolder(path)).toMatchObject({ token: 'theirs', isAlive: true });
});

it.each([
  ['taken', () => openLease(path).release()],
  ['looked for', () => dropDeadLease(path)],
])('a claim that was killed leaves no draft once the lease is %s again', (_, again) => {
  const dying = `import { openLease } from '#disk/lease'; openLease(${JSON.stringify(path)});`;
  const args = ['--import', './tests/reliability/killer.ts', '--input-type=module', '-e', dying];
  const env = { ...process.env, KILL_ON: 'before linkSync' };
  expect(spawnSync(process.execPath, args, { env }).signal).toBe('SIGKILL');
  expect(readdirSync(folder)).toHaveLength(1);
  again();
  expect(readdirSync(folder)).toEqual([]);
});
