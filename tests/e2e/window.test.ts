/** The window as a person uses it, in a real Chromium: served to a browser, and as the built Electron app. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electronBinary, ensureBuilt } from '../../src/cli/desktop.ts';
import { type DesktopShell, openDesktop, openServed, type Shell } from './shells.ts';

const slow = 120_000; // ms that anything may take on a machine that is busy with other tests
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

beforeAll(() => ensureBuilt(() => {}));

const kinds: { name: string; open(home: string): Promise<Shell> }[] = [
  { name: 'served to a browser', open: openServed },
  { name: `in Electron (${electronBinary() ? 'its binary' : 'stand-in'})`, open: openDesktop },
];

describe.each(kinds)('the window, $name', ({ open }) => {
  let folder: string;
  let shell: Shell;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
    shell = await open(join(folder, 'home'));
    page = shell.page;
    page.setDefaultTimeout(slow);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  }, 2 * slow);
  afterAll(async () => {
    await shell?.end();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  });

  const goTo = (name: string) =>
    page.getByRole('navigation', { name: 'Pages' }).getByText(name, { exact: true }).click();
  const field = (label: string) => page.getByLabel(label, { exact: true });
  /** A run so small that a step takes milliseconds and yet so long that it does not end by itself. */
  async function startRun(name: string, settings: Record<string, string>) {
    await goTo('New run');
    await page.getByRole('button', { name: 'FRT', exact: true }).click();
    const tiny = { Layers: '1', Width: '16', Heads: '2', 'Positions (tokens)': '16', 'Test samples (samples)': '16' };
    for (const [label, value] of Object.entries({ Name: name, ...tiny, ...settings })) await field(label).fill(value);
    await page.getByRole('button', { name: /^Start/ }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  }
  const drawn = async (chart: Locator): Promise<number> => {
    const text = await chart.getByText(/points drawn|No points/).textContent();
    return Number(
      /of ([\d,]+) points|All ([\d,]+) points/
        .exec(text ?? '')
        ?.slice(1)
        .join('')
        .replaceAll(',', '') || 0,
    );
  };

  it('begins with an empty state whose button leads to the form', async () => {
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await page.getByText('Make the first run').click();
    await page.getByRole('heading', { name: 'New run', level: 1 }).waitFor();
  });

  it(
    'starts a run from the form, draws its curve while it grows, stops it and resumes it',
    async () => {
      await startRun('long', { Iterations: '1000000', 'Steps per iteration (steps)': '100' });
      const chart = page.getByRole('region', { name: 'Loss', exact: true });
      await expect.poll(() => drawn(chart), { timeout: slow }).toBeGreaterThan(10);
      const before = await drawn(chart);
      await expect.poll(() => drawn(chart), { timeout: slow }).toBeGreaterThan(before);
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByText('stopped', { exact: true }).first().waitFor();
      await page.getByText(/^Stopped at step/).waitFor();
      const stopped = await drawn(chart);
      await page.getByRole('button', { name: 'Resume' }).click();
      await expect.poll(() => drawn(chart), { timeout: slow }).toBeGreaterThan(stopped);
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Resume' }).waitFor();
    },
    6 * slow,
  );

  it(
    'compares two runs and saves them as CSV',
    async () => {
      await startRun('short', { Iterations: '2', 'Steps per iteration (steps)': '5', Seed: '1' });
      await page.getByText('finished', { exact: true }).first().waitFor();
      await goTo('Runs');
      const grid = page.getByRole('grid');
      await grid.getByRole('row').filter({ hasText: 'short' }).waitFor();
      await page.getByLabel('Select all').click();
      const bar = page.getByRole('toolbar', { name: 'Selected runs' });
      await bar.getByText('2 selected').waitFor();
      const path = await shell.download(() => bar.getByRole('button', { name: 'Export CSV' }).click(), folder);
      const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\r\n');
      expect(header).toMatch(/^id,state,reason/);
      expect(lines.map((line) => /,(stopped|finished),/.exec(line)?.[1]).sort()).toEqual(['finished', 'stopped']);
      await bar.getByText('Compare').click();
      await page.getByRole('heading', { name: 'Compare', level: 1 }).waitFor();
      const differences = page.getByRole('table', { name: 'Config differences' });
      await differences.getByText('Seed').waitFor();
      expect(await differences.getByText('Learning rate').count()).toBe(0);
    },
    4 * slow,
  );

  it('shows the runs that pass a filter, and says where a filter is wrong', async () => {
    await goTo('Runs');
    const box = page.getByRole('textbox').first();
    await box.fill('state:finished');
    await expect.poll(() => page.getByRole('grid').getByText('long').count()).toBe(0);
    await box.fill('state:finished (');
    await expect.poll(() => box.getAttribute('aria-invalid')).toBe('true');
    await page.locator('mark').waitFor();
    await box.fill('');
  });

  it('survives a reload and has nothing to say on the console', async () => {
    await page.reload();
    await page.getByRole('grid').waitFor();
    expect(complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'has no serious accessibility violation on any page, in %s colours',
    async (colours) => {
      await page.emulateMedia({ colorScheme: colours });
      const run = await page.getByRole('grid').getByRole('link').first().getAttribute('href');
      for (const address of ['#/', '#/new', '#/compare', '#/queue', '#/devices', run!]) {
        await page.goto(new URL(address, page.url()).href);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page
          .getByRole('progressbar')
          .waitFor({ state: 'detached' })
          .catch(() => {});
        expect(await seriousViolations(page), address).toEqual([]);
      }
      await page.goto(new URL('#/', page.url()).href);
      await page.getByRole('grid').waitFor();
    },
    2 * slow,
  );

  it('cannot be led elsewhere, and knows nothing of Node', async () => {
    const here = page.url();
    await page.evaluate(() => void window.open('https://example.com/'));
    await page
      .evaluate(() => [typeof Reflect.get(window, 'require'), typeof Reflect.get(window, 'process')])
      .then((types) => expect(types).toEqual(['undefined', 'undefined']));
    expect(page.url()).toBe(here);
  });
});

describe('the desktop app', () => {
  let folder: string;
  let shell: DesktopShell;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
    shell = await openDesktop(join(folder, 'home'));
    shell.page.setDefaultTimeout(slow);
  }, 2 * slow);
  afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

  const isShown = () =>
    shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false, null);

  it(
    'hides with its window while a run is under way, comes back, asks before it pauses the run, and leaves it resumable',
    async () => {
      const { page } = shell;
      await page.getByText('Make the first run').click();
      await page.getByRole('button', { name: 'FRT', exact: true }).click();
      for (const [label, value] of Object.entries({ Layers: '1', Width: '16', Heads: '2', 'Positions (tokens)': '16' }))
        await page.getByLabel(label, { exact: true }).fill(value);
      await page.getByRole('button', { name: /^Start/ }).click();
      await page.getByText('running', { exact: true }).first().waitFor();
      await shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close(), null);
      await expect.poll(isShown).toBe(false);
      await shell.evaluate(({ app }) => void app.emit('second-instance'), null);
      await expect.poll(isShown).toBe(true);
      await page.getByText('running', { exact: true }).first().waitFor();

      await shell.evaluate(({ dialog }) => {
        Reflect.set(globalThis, 'asked', 0);
        dialog.showMessageBox = async () => {
          Reflect.set(globalThis, 'asked', Reflect.get(globalThis, 'asked') + 1);
          return { response: Reflect.get(globalThis, 'asked') - 1 }; // no at first, then yes
        };
      }, null);
      await shell.evaluate(({ app }) => app.quit(), null);
      await expect.poll(() => shell.evaluate(() => Reflect.get(globalThis, 'asked'), null)).toBe(1);
      await page.getByText('running', { exact: true }).first().waitFor();
      await shell.evaluate(({ app }) => app.quit(), null);
      expect(await shell.exited).toBe(0);
      const [run] = existsSync(join(folder, 'home', 'runs')) ? await runsOf(join(folder, 'home')) : [];
      expect(run).toMatch(/"state":"paused"/);
    },
    3 * slow,
  );
});

/** The last journal line of each run. */
async function runsOf(home: string): Promise<string[]> {
  const { readdirSync } = await import('node:fs');
  return readdirSync(join(home, 'runs')).map(
    (id) =>
      readFileSync(join(home, 'runs', id, 'journal.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .at(-1)!,
  );
}

async function seriousViolations(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(readFileSync(axe, 'utf8')); // through the debugger: the content policy allows no other script
  return page.evaluate(async () => {
    interface Violation {
      id: string;
      impact: string;
      nodes: { target: string[]; failureSummary: string }[];
    }
    const { violations } = (await Reflect.get(window, 'axe').run()) as { violations: Violation[] };
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
      );
  });
}
