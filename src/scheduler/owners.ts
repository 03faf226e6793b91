/** Which app and trainer own a run, on any machine that shares the home; each is known by its lease. */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sweepDrafts } from '#disk/atomicFile';
import { type Lease, type LeaseHolder, leaseHolder, openLease } from '#disk/lease';
import { processText } from '#disk/processes';
import { runFiles } from '#runFolder/paths';

/** unsure: on another machine, and not yet watched long enough to tell. */
export type Life = 'alive' | 'dead' | 'unsure';

const lifeOf = (holder: LeaseHolder | null): Life =>
  !holder || holder.isAlive === false ? 'dead' : holder.isAlive ? 'alive' : 'unsure';

export function openOwners(home: string) {
  const apps = join(home, 'apps');
  const placeOf = (app: string): string => join(apps, `${app}.json`);
  let own: { app: string; lease: Lease } | null = null;
  const holderOf = (app: string | null): LeaseHolder | null => (app === null ? null : leaseHolder(placeOf(app)));

  return {
    /** The name of this app; the first call takes its lease. Throws `disk`. */
    me(): string {
      if (!own) {
        const app = randomUUID();
        own = { app, lease: openLease(placeOf(app)) };
      }
      return own.app;
    },
    isMe: (app: string | null): boolean => own !== null && own.app === app,
    /** Whether the app of that name is alive. */
    app: (app: string | null): Life => lifeOf(holderOf(app)),
    /** Whether the run has a live trainer. */
    trainer: (folder: string): Life => lifeOf(leaseHolder(runFiles(folder).lease)),
    /** Describes an app, for errors. */
    text: (app: string | null): string => textOf(holderOf(app)),
    /** Removes the leases of apps that died. */
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

/** Descriptions of the other live apps on this home; watches those on other machines first. */
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

/** Whether an app on this home died without releasing its lease. */
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
