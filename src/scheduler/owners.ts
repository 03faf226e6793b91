/** Tells which app and which trainer own a run, by their leases, on all machines that share the home. */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainerCommand } from '#contract/run';
import { sweepDrafts } from '#disk/atomicFile';
import { type Lease, type LeaseHolder, leaseHolder, openLease } from '#disk/lease';
import { isRunning, processText } from '#disk/processes';
import { writeRunCommand } from '#runFolder/command';
import { runFiles } from '#runFolder/paths';

/** unsure: on another machine, and not watched long enough yet to tell. */
export type Life = 'alive' | 'dead' | 'unsure';

const lifeOf = (holder: LeaseHolder | null): Life =>
  !holder || holder.isAlive === false ? 'dead' : holder.isAlive ? 'alive' : 'unsure';

export function openOwners(home: string) {
  const apps = join(home, 'apps');
  const placeOf = (app: string): string => join(apps, `${app}.json`);
  let own: { app: string; lease: Lease } | null = null;
  const holderOf = (app: string | null): LeaseHolder | null => (app === null ? null : leaseHolder(placeOf(app)));

  return {
    /** The name of this app. The first call creates its lease. Throws `disk`. */
    me(): string {
      if (!own) {
        const app = randomUUID();
        own = { app, lease: openLease(placeOf(app)) };
      }
      return own.app;
    },
    isMe: (app: string | null): boolean => own !== null && own.app === app,
    /** Whether an app is alive. */
    app: (app: string | null): Life => lifeOf(holderOf(app)),
    /** Whether the run has a live trainer. */
    trainer: (folder: string): Life => lifeOf(leaseHolder(runFiles(folder).lease)),
    /**
     * Asks the trainer of another app's run. Returns whether it was asked: it must be a process that this one may signal, and only
     * Linux tells surely which process wrote a lease.
     */
    askTrainer(folder: string, command: TrainerCommand): boolean {
      const holder = leaseHolder(runFiles(folder).lease);
      if (!holder || !isRunning(holder.process)) return false;
      writeRunCommand(folder, command);
      try {
        return process.kill(holder.process.pid, 'SIGUSR2');
      } catch {
        return false; // it has exited since, or belongs to another user
      }
    },
    /** Describes an app for error messages. */
    text: (app: string | null): string => textOf(holderOf(app)),
    /** Removes the leases of dead apps. */
    sweep(): void {
      sweepDrafts(apps);
      for (const name of namesIn(apps))
        if (leaseHolder(join(apps, name))?.isAlive === false) rmSync(join(apps, name), { force: true });
    },
    close(): void {
      own?.lease.release();
      own = null;
    },
  };
}

/** Describes the other live apps on this home, after watching apps on other machines long enough to tell. */
export async function livingApps(home: string): Promise<string[]> {
  const apps = join(home, 'apps');
  const names = namesIn(apps).filter((name) => name.endsWith('.json'));
  const living: string[] = [];
  for (const name of names) {
    let holder = leaseHolder(join(apps, name));
    while (holder?.isAlive === null) {
      await sleep(500);
      holder = leaseHolder(join(apps, name));
    }
    if (holder?.isAlive) living.push(textOf(holder));
  }
  return living;
}

const textOf = (holder: LeaseHolder | null): string =>
  holder ? `another Permafrost (${processText(holder.process)})` : 'another Permafrost';

/** Whether an app on this home has died without releasing its lease. */
export const hasDeadApps = (home: string): boolean =>
  namesIn(join(home, 'apps')).some((name) => leaseHolder(join(home, 'apps', name))?.isAlive === false);

export type Owners = ReturnType<typeof openOwners>;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
