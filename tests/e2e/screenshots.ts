/** `npm run screenshots [-- FOLDER [WIDTH]]`: pictures of the main pages in light and dark, from a home that fillHome filled. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#app';
import { ensureBuilt, projectFolder } from '../../src/cli/desktop.ts';
import { fillHome } from '../fillHome.ts';
import { openServed } from './shells.ts';

const [folder = join(projectFolder, 'docs', 'screenshots'), width = '1280'] = process.argv.slice(2);
/** One shows the machine and the folders it was taken on; the other is empty while nothing runs. */
const unpictured = ['devices', 'queue'];
mkdirSync(folder, { recursive: true });
ensureBuilt(console.error);
const home = mkdtempSync(join(tmpdir(), 'permafrost-'));
const app = await createApp({ home });
const [first, second, third] = fillHome(app, 54);
await app.close();

const shell = await openServed(home);
try {
  const { page } = shell;
  await page.setViewportSize({ width: Number(width), height: 800 });
  await page.getByRole('grid').waitFor();
  const links = await page.getByRole('navigation', { name: 'Pages', includeHidden: true }).locator('a').all();
  const addresses = new Map<string, string>([
    ['run', `#/runs/${first}`],
    ['compare', `#/compare?ids=${encodeURIComponent(JSON.stringify([first, second, third].join(',')))}`],
  ]);
  for (const link of links) {
    const address = (await link.getAttribute('href'))!.replace(/^\/(?=#)/, '');
    const name = address.replace(/^#\/?/, '') || 'runs';
    if (!addresses.has(name) && !unpictured.includes(name)) addresses.set(name, address);
  }
  for (const [name, address] of addresses) {
    await page.goto(new URL(address, page.url()).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
    while (await page.getByRole('status', { name: /^Loading/ }).count()) await page.waitForTimeout(100);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(700); // colours fade, curves are drawn ten times a second
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' });
    }
  }
} finally {
  await shell.end();
  rmSync(home, { recursive: true, maxRetries: 5 });
}
