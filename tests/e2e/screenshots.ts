/** `npm run screenshots`: pictures of the main pages in light and dark, with the runs of a home. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { createApp } from '#app';
import { defaultHome } from '#app/home';
import { ensureBuilt, projectFolder } from '#cli/desktop';
import { parseScript } from '#cli/parseScript';
import { wholeNumber } from '#cli/wholeNumber';
import { openServed } from './shells.ts';

const { processedArgs } = parseScript(
  new Command('npm run screenshots --')
    .description('Takes pictures of the main pages in light and dark, with the runs of a home.')
    .argument('[home]', 'home with finished runs', defaultHome())
    .argument('[folder]', 'folder of the pictures', join(projectFolder, 'docs', 'screenshots'))
    .argument('[width]', 'width of the window', wholeNumber('width', 320, 4000), 1280),
);
const [home, folder, width] = processedArgs as [string, string, number];
/** They show the machine and its folders, an empty list while nothing runs, and text. */
const unpictured = ['devices', 'queue', 'help'];
mkdirSync(folder, { recursive: true });
ensureBuilt(console.error);
const app = await createApp({ home });
const finished = app.runs.list().filter(({ state }) => state === 'finished');
await app.close();
if (finished.length < 2) throw new Error(`${home} has ${finished.length} finished runs; pictures need two or more.`);
/** The first are the easiest task's, whose runs all end alike. */
const { task } = finished[finished.length >> 1];
const ids = finished.filter((row) => row.task === task).map(({ id }) => id);

const shell = await openServed(home);
try {
  const { page } = shell;
  await page.setViewportSize({ width, height: 800 });
  await page.getByRole('grid').waitFor();
  const links = await page.getByRole('navigation', { name: 'Pages', includeHidden: true }).locator('a').all();
  const addresses = new Map<string, string>([
    ['run', `#/runs/${ids[0]}`],
    ['compare', `#/compare?ids=${encodeURIComponent(JSON.stringify(ids.slice(0, 9).join(',')))}`],
  ]);
  for (const link of links) {
    const address = (await link.getAttribute('href'))!.replace(/^\/(?=#)/, '');
    const name = address.replace(/^#\/?/, '') || 'runs';
    if (!addresses.has(name) && !unpictured.includes(name)) addresses.set(name, address);
  }
  for (const [name, address] of addresses) {
    await page.goto(new URL(address, page.url()).href);
    await page.reload(); // so that no element of the old page matches
    await page.getByRole('heading', { level: 1 }).waitFor();
    while (await page.getByRole('status', { name: /^Loading/ }).count()) await page.waitForTimeout(100);
    await page.getByText('is being measured').waitFor({ state: 'hidden', timeout: 60_000 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(700); // colours fade, curves are drawn ten times a second
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' });
    }
  }
} finally {
  await shell.end();
}
