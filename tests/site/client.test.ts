/** A client of the router over a carrier that accepts messages only when the test allows it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import type { Services } from '#contract/services';
import { connectClient, type Limits, limits } from '#site/client';
import { fillHome } from '../fillHome.ts';

let home: string;
let services: Services;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  services = await createApp({ home });
  services.queue.pause();
  await fillHome(services, 30);
});
afterAll(async () => {
  await services.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});

interface Message {
  id: number | null;
  result?: { type: string; data?: unknown };
  error?: { message: string; data: { reason: string } };
}

/** A client that receives messages while `takes` is true. */
function joinClient(bounds: Partial<Limits> = {}) {
  const got: Message[] = [];
  const reports: string[] = [];
  let takes = true;
  let closed: string | null = null;
  let taken = () => {};
  const client = connectClient({
    services,
    report: (line) => reports.push(line),
    limits: { ...limits, ...bounds },
    carrier: {
      deliver: (text) =>
        new Promise((resolve) => {
          taken = () => {
            got.push(JSON.parse(text));
            resolve();
          };
          if (takes) taken();
        }),
      close(reason) {
        closed = reason;
      },
    },
  });
  return {
    got,
    reports,
    closed: () => closed,
    say: (message: unknown) => client.receive(Buffer.from(JSON.stringify(message))),
    takes(on: boolean) {
      takes = on;
      if (on) taken();
    },
    last: () => got.at(-1),
  };
}
const call = (id: unknown, path: string, input?: unknown, method = 'query') => ({
  id,
  method,
  params: { path, input },
});
const subscription = (id: unknown, path: string, input?: unknown) => call(id, path, input, 'subscription');
const until = (condition: () => boolean) => expect.poll(condition, { timeout: 5000, interval: 5 }).toBe(true);

describe('a client that reads nothing', () => {
  it('causes only limited work, and gets everything when it reads again', async () => {
    let listed = 0;
    const list: Services['runs']['list'] = (some) => {
      listed++;
      return services.runs.list(some);
    };
    const counting: Services = { ...services, runs: { ...services.runs, list } };
    const got: number[] = [];
    let take = () => {};
    const client = connectClient({
      services: counting,
      report: () => {},
      carrier: {
        deliver: (text) =>
          new Promise((resolve) => {
            take = () => {
              got.push(JSON.parse(text).id);
              resolve();
            };
          }),
        close: () => {},
      },
      limits: { ...limits, highWater: 50_000 },
    });
    for (let id = 1; id <= 100; id++) client.receive(Buffer.from(JSON.stringify(call(id, 'runs.list'))));
    await sleep(100);
    expect(listed).toBeGreaterThan(0);
    expect(listed).toBeLessThan(10);
    while (got.length < 100) {
      take();
      await new Promise(setImmediate);
    }
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(listed).toBe(100);
  });

  it('causes no work for the events of its subscription', async () => {
    let made = 0;
    const endless: Services = {
      ...services,
      runs: {
        ...services.runs,
        async *changes() {
          for (;;) {
            made++;
            yield { changed: services.runs.list(), gone: [] };
          }
        },
      },
    };
    const client = connectClient({
      services: endless,
      report: () => {},
      carrier: { deliver: () => new Promise(() => {}), close: () => {} },
      limits: { ...limits, highWater: 50_000 },
    });
    client.receive(Buffer.from(JSON.stringify(subscription(1, 'runs.changes'))));
    await until(() => made > 0);
    await sleep(50);
    expect(made).toBeLessThan(10);
    client.end();
  });

  it('is disconnected when it stalls for too long', async () => {
    const { say, takes, closed, reports } = joinClient({ patience: 30 });
    takes(false);
    say(call(1, 'home'));
    await until(() => closed() !== null);
    expect(reports).toEqual([expect.stringMatching(/has read nothing for 0.03 s/)]);
  });

  it('is disconnected when too much text waits for it', async () => {
    const { say, takes, closed } = joinClient({ waiting: 20_000 });
    takes(false);
    for (let id = 1; id <= 200; id++) say(call(id, 'queue.pause', undefined, 'mutation'));
    await until(() => closed() !== null);
    expect(closed()).toMatch(/does not read its answers/);
  });
});

describe('a client that asks for too much', () => {
  it('is disconnected for too many open subscriptions, not for ended ones', async () => {
    const { say, closed, got } = joinClient({ subscriptions: 5 });
    for (let id = 1; id <= 50; id++) {
      say(subscription(id, 'runs.changes'));
      await until(() => got.some((message) => message.id === id && message.result?.type === 'started'));
      say({ id, method: 'subscription.stop' });
      await until(() => got.some((message) => message.id === id && message.result?.type === 'stopped'));
    }
    expect(closed()).toBeNull();
    say(Array.from({ length: 6 }, (_, i) => subscription(100 + i, 'runs.changes')));
    expect(closed()).toMatch(/more than 5 subscriptions/);
  });

  it('is disconnected for too many open calls, not for answered or refused ones', async () => {
    const { say, closed, got } = joinClient({ calls: 10 });
    for (let id = 1; id <= 40; id++) {
      say(call(id, ['home', 'nothing', 'runs.get'][id % 3]));
      say([call(1000 + id, 'home'), null]); // refused as a whole
      say([call(2000 + id, 'home'), call(null, 'home')]);
      await until(() => got.some((message) => message.id === id));
    }
    expect(closed()).toBeNull();
    say(Array.from({ length: 11 }, (_, i) => call(`call ${i}`, 'home')));
    expect(closed()).toMatch(/more than 10 open calls/);
  });

  it('is disconnected when it gives two open calls the same id', () => {
    const { say, closed } = joinClient();
    say([call(1, 'home'), call(1, 'home')]);
    expect(closed()).toMatch(/id 1 of an open call/);
  });

  it('is disconnected for a message that is too long', () => {
    const { say, closed } = joinClient({ message: 1000 });
    say(call(1, 'runs.note', { id: 'a', text: 'x'.repeat(2000) }));
    expect(closed()).toMatch(/message of \d+ bytes/);
  });
});

describe('subscriptions', () => {
  it('that are stopped before they begin end', async () => {
    const { say, got } = joinClient({ subscriptions: 5 });
    for (let id = 1; id <= 5; id++) {
      say(subscription(id, 'runs.changes'));
      say({ id, method: 'subscription.stop' });
    }
    const stopped = () => got.filter(({ result }) => result?.type === 'stopped').length;
    await until(() => stopped() === 5);
  });

  it('end with their client, even while they wait', async () => {
    let listening = 0;
    const counting: Services = {
      ...services,
      runs: {
        ...services.runs,
        async *changes(signal) {
          listening++;
          try {
            yield* services.runs.changes(signal);
          } finally {
            listening--;
          }
        },
      },
    };
    const client = connectClient({
      services: counting,
      report: () => {},
      carrier: { deliver: () => new Promise(() => {}), close: () => {} },
    });
    for (let id = 1; id <= 3; id++) client.receive(Buffer.from(JSON.stringify(subscription(id, 'runs.changes'))));
    await until(() => listening === 3);
    client.end();
    await until(() => listening === 0);
  });
});

it('a refusal says which field is wrong, what was found, and what is valid', async () => {
  const { say, last } = joinClient();
  say(call(1, 'runs.archive', { ids: Array(20_000).fill('a'), archived: true }, 'mutation'));
  await until(() => last()?.error !== undefined);
  expect(last()!.error!.message).toBe('ids: One call takes at most 10,000 runs; choose fewer');
  say(call(2, 'runs.get', { id: 5 }));
  await until(() => last()?.id === 2);
  expect(last()!.error!.message).toMatch(/^id: .*expected string/);
  say(call(3, 'runs.nothing'));
  await until(() => last()?.id === 3);
  expect(last()!.error!.message).toMatch(/^No .*procedure on path "runs.nothing"/);
});
