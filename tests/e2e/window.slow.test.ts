/** The window as a user uses it, in a real Chromium: served to a browser, and as the built Electron app. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { electronBinary, ensureBuilt } from '#cli/desktop';
import { fillHome } from '../fillHome.ts';
import { type DesktopShell, openDesktop, openServed, type Shell } from './shells.ts';

const slow = 60_000; // ms for each step on a busy machine
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

beforeAll(() => ensureBuilt(() => {}));

/** A run with steps of a millisecond, too long to finish during a test. */
const tinyConfig = {
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, device: 'cpu', early_stop: null },
  ...{ n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4, num_iters: 1_000_000, steps_per_iter: 50 },
  ...{ batch_size: 8, gpu_batch_size: 8, test_steps_per_iter: 16, final_test_samples: 64 },
};

const electron = `in Electron (${electronBinary() ? 'its binary' : 'stand-in'})`;
const kinds: { name: string; open(home: string): Promise<Shell> }[] = [
  { name: 'served to a browser', open: openServed },
  { name: electron, open: openDesktop },
];

describe.each(kinds)('the window, $name', ({ name: kind, open }) => {
  let folder: string;
  let shell: Shell;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
    writeFileSync(join(folder, 'tiny.json'), JSON.stringify(tinyConfig));
    shell = await open(join(folder, 'home'));
    page = shell.page;
    page.setDefaultTimeout(slow);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  });
  afterAll(async () => {
    await shell?.end();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  });

  const navigation = () => page.getByRole('navigation', { name: 'Pages' });
  const goTo = (name: string) => navigation().getByText(name, { exact: true }).click();
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const heading = (name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
  async function startAs(name: string, settings: Record<string, string> = {}) {
    for (const [label, value] of Object.entries({ Name: name, ...settings }))
      await page.getByLabel(label, { exact: true }).fill(value);
    await press('Start run');
    await heading(name);
  }
  /** Points of the loss curve, by its caption. */
  const lossPoints = async (): Promise<number> => {
    const caption = page.getByRole('region', { name: 'Loss', exact: true }).getByText(/points drawn|No points/);
    const [, some, all] = /of ([\d,]+) points|All ([\d,]+) points/.exec((await caption.textContent()) ?? '') ?? [];
    return Number((some ?? all ?? '0').replaceAll(',', ''));
  };
  const lossGrowsFrom = (count: number) => expect.poll(lossPoints, { timeout: slow }).toBeGreaterThan(count);

  it('begins with three ways in, one of which leads to the form', async () => {
    await page.getByRole('heading', { name: 'Welcome to Permafrost' }).waitFor();
    await page.getByText('Make a run').click();
    await heading('New run');
  });

  it('starts a run from the form, draws its curve while it grows, stops it and resumes it', async () => {
    const chooser = page.waitForEvent('filechooser');
    await press('Import');
    await (await chooser).setFiles(join(folder, 'tiny.json'));
    await page.getByText('Filled from tiny.json').waitFor();
    await startAs('long');
    await lossGrowsFrom(10);
    await lossGrowsFrom(await lossPoints());
    await press('Stop');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByText('stopped', { exact: true }).first().waitFor();
    const before = await lossPoints();
    await press('Resume');
    await lossGrowsFrom(before);
    await press('Stop');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
  });

  it('compares it with a clone of another seed and saves both as CSV', async () => {
    await page.getByRole('link', { name: 'Clone' }).click();
    await heading('New run');
    await startAs('short', { Iterations: '2', Seed: '1' });
    await page.getByText('finished', { exact: true }).first().waitFor();
    await goTo('Runs');
    await page.getByRole('grid').getByRole('row').filter({ hasText: 'short' }).waitFor();
    await page.getByLabel('Select all').click();
    const bar = page.getByRole('toolbar', { name: 'Selected runs' });
    await bar.getByText('2 selected').waitFor();
    const path = await shell.download(async () => {
      await bar.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name: 'Runs as CSV' }).click();
    }, folder);
    const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\r\n');
    expect(header).toMatch(/^id,state,reason/);
    expect(lines.map((line) => /,(stopped|finished),/.exec(line)?.[1]).sort()).toEqual(['finished', 'stopped']);
    await bar.getByText('Compare').click();
    await heading('Compare');
    const differences = page.getByRole('table', { name: 'Config differences' });
    await differences.getByText('Seed').waitFor();
    expect(await differences.getByText('Learning rate').count()).toBe(0);
  });

  it('shows the runs that match a filter, and marks where a filter is wrong', async () => {
    await goTo('Runs');
    const box = page.getByRole('textbox').first();
    await box.fill('state:finished');
    await expect.poll(() => page.getByRole('grid').getByText('long').count()).toBe(0);
    await box.fill('state:finished (');
    await expect.poll(() => box.getAttribute('aria-invalid')).toBe('true');
    await page.locator('mark').waitFor();
    await box.fill('');
  });

  it.runIf(kind !== electron)('saves a published table as a picture and as CSV', async () => {
    await page.goto(new URL('#/tables?table=regimes', page.url()).href);
    await page.getByRole('table', { name: /Does language pretraining help/ }).waitFor();
    const save = (name: string) =>
      shell.download(async () => {
        await press('Export');
        await page.getByRole('menuitem', { name }).click();
      }, folder);
    const png = readFileSync(await save('Picture (PNG)'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBeGreaterThan(1000); // its width: twice that of the drawing
    const [header, ...cells] = readFileSync(await save('Cells as CSV'), 'utf8')
      .trim()
      .split('\r\n');
    expect(header).toMatch(/^cell,row,column,profile/);
    expect(cells).toHaveLength(9);

    await page.getByText('Picture', { exact: true }).click();
    const plot = page.getByRole('img', { name: /as a forest plot\. 9 cells/ });
    await plot.getByText('Accuracy (higher is better)').waitFor();
    expect(page.url()).toContain('view=picture');
    await page.reload();
    await plot.waitFor();
    const svg = readFileSync(await save('Forest plot (SVG)'), 'utf8');
    expect(svg).toContain('<title id="forest-title">Does language pretraining help?');
    expect(readFileSync(await save('Forest plot (PNG)')).readUInt32BE(16)).toBe(1800);
    await page.getByText('Numbers', { exact: true }).click();
    await page.getByRole('table', { name: /Does language pretraining help/ }).waitFor();
    await goTo('Runs');
  });

  it('survives a reload, cannot navigate elsewhere, and has no access to Node', async () => {
    await page.reload();
    await page.getByRole('grid').waitFor();
    const here = page.url();
    const known = await page.evaluate(() => {
      window.open('https://example.com/');
      return ['require', 'process'].filter((name) => name in window);
    });
    expect(known).toEqual([]);
    expect(page.url()).toBe(here);
  });

  it.runIf(kind !== electron)(
    // both show the same bundle
    'has no serious accessibility violation on any page in light and dark colours',
    async () => {
      const links = await navigation().getByRole('link').all();
      const run = page.getByRole('grid').getByRole('link').first();
      for (const address of await Promise.all([...links, run].map((link) => link.getAttribute('href')))) {
        await page.goto(new URL(address!, page.url()).href);
        await page.reload(); // so that no element of the old page matches
        await page.getByRole('heading', { level: 1 }).waitFor();
        await expect.poll(() => page.getByRole('status', { name: /^Loading/ }).count(), { timeout: slow }).toBe(0);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
          expect(await seriousViolations(page), `${address} in ${colorScheme}`).toEqual([]);
        }
      }
    },
    600_000, // many pages, twice each
  );

  it('logs no error on the console', () => expect(complaints).toEqual([]));

  it.runIf(kind === electron)(
    'hides with its window during a run, comes back, asks before it pauses the run, and leaves it resumable',
    async () => {
      const { evaluate, exited } = shell as DesktopShell;
      const isShown = () =>
        evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false, null);
      const isRunning = () => page.getByText('running', { exact: true }).first().waitFor();
      await goTo('Runs');
      await page.getByRole('grid').getByRole('link', { name: 'long' }).click();
      await press('Resume');
      await isRunning();
      await evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close(), null);
      await expect.poll(isShown).toBe(false);
      await evaluate(({ app }) => void app.emit('second-instance'), null);
      await expect.poll(isShown).toBe(true);
      await isRunning();

      await evaluate(({ dialog }) => {
        Reflect.set(globalThis, 'asked', 0);
        dialog.showMessageBox = async () => {
          Reflect.set(globalThis, 'asked', Reflect.get(globalThis, 'asked') + 1);
          return { response: Reflect.get(globalThis, 'asked') - 1 }; // no at first, then yes
        };
      }, null);
      await evaluate(({ app }) => app.quit(), null);
      await expect.poll(() => evaluate(() => Reflect.get(globalThis, 'asked'), null)).toBe(1);
      await isRunning();
      await evaluate(({ app }) => app.quit(), null);
      expect(await exited).toBe(0);
      expect(lastEntries(join(folder, 'home')).filter((entry) => entry.includes('"state":"paused"'))).toHaveLength(1);
    },
  );
});

it('in an empty home every task can start as soon as it is chosen in the form, or says what to fetch first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-choose-'));
  const shell = await openServed(folder);
  const { page } = shell;
  page.setDefaultTimeout(slow);
  const selected = (label: string) => page.getByRole('combobox', { name: label, exact: true });
  async function pick(label: string, option: string) {
    await selected(label).click();
    await page.getByRole('option', { name: option, exact: true }).click();
  }
  /** Without an error, and with buttons for the files that are not here. */
  async function canStart(what: string) {
    const start = page.getByRole('button', { name: 'Start run' });
    await expect.poll(() => start.isEnabled(), { message: what, timeout: slow }).toBe(true);
    expect(await page.getByText(/^Fix these fields|This config cannot run/).count(), what).toBe(0);
    const missing = await page.getByText(/not on this machine$/).count();
    expect(await page.getByRole('link', { name: 'Fetch' }).count(), what).toBe(missing);
  }
  try {
    await page.getByText('Make a run').click();
    await selected('Task').click();
    const titles = await page.getByRole('option').allTextContents();
    await page.keyboard.press('Escape');
    expect(titles.length).toBeGreaterThan(10);
    for (const title of titles) {
      await pick('Task', title);
      await expect.poll(() => selected('Task').inputValue(), { timeout: slow }).toBe(title);
      await canStart(title);
    }
    await pick('Task', 'ListOps');
    expect(await selected('Body').inputValue()).toBe('gpt2');
    await pick('ListOps reading', 'lra');
    await expect.poll(() => selected('Body').inputValue(), { timeout: slow }).toMatch(/rugpt3small/);
    await canStart('ListOps in the reading of the Long Range Arena');
    await selected('Body').click();
    const gpt2 = page.getByRole('option', { name: /^gpt2 listops makes 2000 tokens/ });
    await expect.poll(() => gpt2.getAttribute('data-combobox-disabled'), { timeout: slow }).toBe('true');
  } finally {
    await shell.end();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
}, 300_000);

it('long names, control characters and line breaks widen no page', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-long-'));
  const app = await createApp({ home: folder });
  const names = [
    'W'.repeat(200),
    'one\ntwo\t\u001b[31mred\u0007 \u202eesrever',
    `${'\u00fc'.repeat(100)} ${'x'.repeat(90)}`,
  ];
  const ids = await fillHome(app, names.length);
  for (const [i, id] of ids.entries()) {
    const path = join(folder, 'runs', id, 'config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), name: names[i] }));
    writeFileSync(
      join(folder, 'runs', id, 'marks.json'),
      JSON.stringify({ tags: ['T'.repeat(3000)], note: 'N'.repeat(5000) }),
    );
  }
  await app.close();
  for (const file of readdirSync(folder)) if (file.startsWith('permafrost.db')) rmSync(join(folder, file));
  await createApp({ home: folder }).then(async (again) => {
    await again.rebuild();
    await again.close();
  });
  const shell = await openServed(folder);
  const compared = encodeURIComponent(JSON.stringify(ids.join(',')));
  try {
    await shell.page.setViewportSize({ width: 900, height: 700 });
    for (const address of ['/', '/?grouped=yes', ...ids.map((id) => `/runs/${id}`), `/compare?ids=${compared}`]) {
      await shell.page.goto(new URL(`#${address}`, shell.page.url()).href);
      await shell.page.reload();
      await shell.page.getByRole('heading', { level: 1 }).waitFor({ timeout: slow });
      const loading = shell.page.getByRole('status', { name: /^Loading/ });
      await expect.poll(() => loading.count(), { timeout: slow }).toBe(0);
      const width = () => shell.page.evaluate(() => document.documentElement.scrollWidth);
      await expect.poll(width, { message: address }).toBe(900);
    }
  } finally {
    await shell.end();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
}, 300_000);

it('a tab whose server has ended, or was started again with another token, says so and what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'permafrost-restart-'));
  const shell = await openServed(folder);
  const said = (words: string) => shell.page.getByRole('status').getByText(words).waitFor({ timeout: slow });
  try {
    await shell.page.getByRole('heading', { name: 'Welcome to Permafrost' }).waitFor({ timeout: slow });
    await shell.stopServer();
    await said('The connection to Permafrost was lost.');
    await said('Permafrost does not answer.');
    await shell.startServer();
    await said('Permafrost was restarted and has a new address.');
  } finally {
    await shell.end();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
}, 300_000);

/** The last journal line of each run. */
const lastEntries = (home: string): string[] =>
  readdirSync(join(home, 'runs')).map(
    (id) =>
      readFileSync(join(home, 'runs', id, 'journal.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .at(-1)!,
  );

async function seriousViolations(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(readFileSync(axe, 'utf8')); // through the debugger: the content policy allows no other script
  return page.evaluate(async () => {
    for (const fading of document.getAnimations()) if (fading instanceof CSSTransition) fading.finish();
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
