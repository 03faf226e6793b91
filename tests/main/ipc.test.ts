/** The window's channel with a page that takes messages when the test says so. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createApp } from '#app';
import type { Services } from '#contract/services';
import { fillHome } from '../fillHome.ts';

const { ipcMain } = await vi.hoisted(async () => {
  const { EventEmitter } = await import('node:events');
  return { ipcMain: new EventEmitter() };
});
vi.mock('electron', () => ({ ipcMain }));
const { serveWindow } = await import('#main/ipc');

let home: string;
let services: Services;
/** Pages that receive events. */
let listening = 0;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  services = await createApp({ home });
  services.queue.pause();
  await fillHome(services, 30);
  const counting: Services = {
    ...services,
    runs: {
      ...services.runs,
      async *changes(signal) {
        listening++;
        yield* services.runs.changes(signal);
        listening--;
      },
    },
  };
  serveWindow(counting, (url) => url.startsWith('permafrost://app/'));
});
afterAll(async () => {
  await services.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});

class Page extends EventEmitter {
  readonly mainFrame = { url: 'permafrost://app/runs' };
  readonly got: [string, string][] = [];
  isDestroyed = () => false;
  send = (channel: string, text: string) => void this.got.push([channel, text]);
  says = (channel: string, text?: string, frame: { url: string } = this.mainFrame) =>
    void ipcMain.emit(channel, { sender: this, senderFrame: frame }, text);
  asks = (id: number, path: string, method = 'query') =>
    this.says('channel:message', JSON.stringify({ id, method, params: { path } }));
  /** Numbers of the answers that it was sent. */
  answered = () => this.got.flatMap(([channel, text]) => (channel === 'channel:message' ? [JSON.parse(text).id] : []));
}

it('a stalled page is sent one message, and each further one when it has taken the one before', async () => {
  const page = new Page();
  page.says('channel:open');
  for (let id = 1; id <= 50; id++) page.asks(id, 'runs.list');
  await sleep(100);
  expect(page.got).toHaveLength(2); // opened, and the first answer
  for (let taken = 1; taken < 50; taken++) {
    page.says('channel:taken');
    await expect.poll(() => page.answered().length, { interval: 1 }).toBe(taken + 1);
  }
  expect(page.answered()).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
});

it("a reloaded page is answered anew, and the old one's subscriptions end", async () => {
  const page = new Page();
  page.says('channel:open');
  page.asks(1, 'runs.changes', 'subscription');
  await expect.poll(() => listening).toBe(1);
  page.says('channel:open');
  await expect.poll(() => listening).toBe(0);
  page.asks(1, 'home');
  page.says('channel:taken');
  await expect.poll(() => page.got.at(-1)?.[1]).toContain(home);
  page.emit('destroyed');
});

it('a frame of another origin is neither answered nor counted as taking', async () => {
  const page = new Page();
  page.says('channel:open', undefined, { url: 'https://evil.example/' });
  expect(page.got).toEqual([]);
  page.says('channel:open');
  page.asks(1, 'home');
  page.asks(2, 'home');
  await expect.poll(() => page.answered()).toEqual([1]);
  page.says('channel:taken', undefined, { url: 'permafrost://app/' }); // ours by address, but not the page itself
  await sleep(20);
  expect(page.answered()).toEqual([1]);
});
