/** The speed of the window in headless Chromium: first paint, opening a long curve, and streaming curves and logs. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ensureBuilt } from '#cli/desktop';
import { chromiumFlags, findChromium } from '../tests/e2e/chromium.ts';
import type { Benchmark } from './benchmark.ts';

const runs = 10_000;
const streamSeconds = 60;
const repeats = 5;
const patience = 120_000; // ms
const viewport = { width: 1360, height: 900 };

/** Runs in the page. Resolves to the result of `look` once it is not null and a frame with it has been painted. */
function painted<T>(look: () => T | null | undefined): Promise<T> {
  return new Promise((resolve) => {
    const check = () => {
      const found = look();
      if (found === null || found === undefined) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(found)));
    };
    const observer = new MutationObserver(check);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    check();
  });
}
const inPage = `globalThis.painted = ${painted};`;
declare global {
  var rowsPainted: Promise<number>;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))];

/** Milliseconds from opening the URL to the first rows of runs, in a browser with an empty cache. */
async function firstPaint(browser: Browser, url: string): Promise<{ page: Page; ms: number }> {
  const context = await browser.newContext({ viewport });
  await context.addInitScript(inPage);
  await context.addInitScript(() => {
    globalThis.rowsPainted = painted(() => document.querySelector('[role=grid] [role=row] a')).then(() =>
      performance.now(),
    );
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  await page.goto(url);
  return { page, ms: await page.evaluate(() => globalThis.rowsPainted) };
}

/** Milliseconds from the table of runs until the loss curve of a million points is drawn. */
async function openCurve(page: Page): Promise<number> {
  await page.evaluate(() => {
    location.hash = '#/';
    return painted(() => document.querySelector('[role=grid] [role=row] a'));
  });
  await page.waitForTimeout(500);
  return page.evaluate(async () => {
    const start = performance.now();
    location.hash = '#/runs/million';
    await painted(() => /of 1,000,000 points/.exec(document.querySelector('[aria-label=Loss]')?.textContent ?? ''));
    return performance.now() - start;
  });
}

/** Runs in the page. Measures the times of frames and the delays of log lines for some seconds. */
const watch = (seconds: number) => {
  const frames: number[] = [];
  const delays: number[] = [];
  const seen = new Set<string>();
  let before = performance.now();
  const frame = (now: number) => {
    frames.push(now - before);
    before = now;
    if (!ended) requestAnimationFrame(frame);
  };
  let ended = false;
  requestAnimationFrame(frame);
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        const written = /written at (\d+)/.exec(node.textContent ?? '')?.[1];
        if (!written || !(node instanceof HTMLLIElement) || seen.has(written)) continue;
        seen.add(written);
        requestAnimationFrame(() => setTimeout(() => delays.push(Date.now() - Number(written))));
      }
  });
  observer.observe(document, { subtree: true, childList: true });
  return new Promise<{ frames: number[]; delays: number[] }>((resolve) =>
    setTimeout(() => {
      ended = true;
      observer.disconnect();
      resolve({ frames: frames.slice(1), delays });
    }, seconds * 1000),
  );
};

const pointsOf = async (page: Page): Promise<number> => {
  const caption = await page.getByRole('region', { name: 'Loss', exact: true }).textContent();
  return Number((/of ([\d,]+) points/.exec(caption ?? '')?.[1] ?? '0').replaceAll(',', ''));
};

export const window: Benchmark = {
  title: `The window in headless Chromium, with ${runs.toLocaleString('en')} runs in the store, while four series of 1,000 points per second stream in for ${streamSeconds} s`,
  async run(report) {
    ensureBuilt(report);
    const home = mkdtempSync(join(tmpdir(), 'permafrost-bench-'));
    const server = fork(join(import.meta.dirname, 'windowProcess.ts'), [home, String(runs)]);
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    const told = <T>() =>
      new Promise<T>((resolve, reject) => {
        server.once('message', (message) => resolve(message as T));
        void ended.then(() => reject(new Error('The process that serves the window exited.')));
      });
    let browser: Browser | null = null;
    try {
      const { url } = await told<{ url: string }>();
      report('serving');
      browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags });
      const paints: number[] = [];
      for (let i = 0; i < repeats; i++) {
        const { page, ms } = await firstPaint(browser, url);
        paints.push(ms);
        await page.context().close();
      }
      const { page } = await firstPaint(browser, url);
      const first = await openCurve(page);
      const opens: number[] = [];
      for (let i = 0; i < repeats; i++) opens.push(await openCurve(page));
      const started = told<{ id: string }>();
      server.send('start');
      const { id } = await started;
      report(`curves opened; streaming ${id}`);
      await page.evaluate((run) => {
        location.hash = `#/runs/${run}`;
        return painted(() => document.body.textContent?.includes('written at') || null);
      }, id);
      const [before, at] = [await pointsOf(page), Date.now()];
      const { frames, delays } = await page.evaluate(watch, streamSeconds);
      const arrived = ((await pointsOf(page)) - before) / ((Date.now() - at) / 1000);
      return {
        firstPaintMs: median(paints),
        millionPointsMs: median(opens),
        millionPointsFirstMs: first,
        streamedPointsPerSecond: arrived,
        frameP50Ms: quantile(frames, 0.5),
        frameP99Ms: quantile(frames, 0.99),
        longestFrameMs: Math.max(...frames),
        logMs: median(delays),
        longestLogMs: Math.max(...delays),
        logLines: delays.length,
      };
    } finally {
      await browser?.close();
      if (server.connected) server.disconnect();
      await ended;
      rmSync(home, { recursive: true, maxRetries: 5 });
    }
  },
  limits: { firstPaintMs: '< 1500', millionPointsMs: '< 300', frameP99Ms: '< 50', longestLogMs: '< 500' },
};
