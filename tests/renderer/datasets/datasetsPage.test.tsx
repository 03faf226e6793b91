import '../dom.ts';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smallTokenizer, writeFiles } from '../../zoo/archives.ts';
import { type Answer, openServer, type TestServer } from '../../zoo/server.ts';
import { openWindow, seriousComplaints } from '../window.tsx';
import '../layout.ts';

const patient = { timeout: 60_000 };
const eventually = (check: () => void) => waitFor(check, patient);
const molecules = 'Drug_ID\tDrug\tY\n1\tCCO\t1\n2\tCCCCO\t0\n3\tc1ccccc1\t0\n4\tC1CC1\t1\n5\tC1CCC1\t1\n'.concat(
  ...Array.from({ length: 40 }, (_, i) => `${i + 6}\tC1CC1${'CO'.repeat(i + 1)}\t${i % 2}\n`),
);
const size = 170_052_171; // of the CIFAR-10 archive
/** The first KiB of the archive, and then silence. */
const begins: Answer = ({ headers }, response) => {
  const from = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0);
  const range = from > 0 ? { 'content-range': `bytes ${from}-${size - 1}/${size}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': size - from, ...range }).write(Buffer.alloc(1024));
};

const { fetch } = globalThis;
let server: TestServer;
let own: string;
let page: Awaited<ReturnType<typeof openWindow>>;
beforeAll(async () => {
  server = await openServer();
  server.answer(begins);
  globalThis.fetch = (url, init) => fetch(new URL(new URL(String(url)).pathname, server.url), init); // no test leaves this machine
  own = mkdtempSync(join(tmpdir(), 'permafrost-own-'));
  writeFiles(own, { 'cyp3a4_veith.tab': molecules, ...smallTokenizer(['C C']) });
  page = await openWindow('/datasets');
  await screen.findByLabelText('Data sets', {}, patient);
});
afterAll(async () => {
  await page.close();
  globalThis.fetch = fetch;
  await server.close();
  rmSync(own, { recursive: true });
});
const lineOf = (title: string) =>
  within(screen.getByLabelText('Data sets')).getByText(title, { selector: 'a' }).closest('tr')!.textContent!;
const press = (label: string | RegExp) => fireEvent.click(screen.getByLabelText(label));
const visit = (address: string) => act(async () => page.history.push(address));

test('data sets are listed with tasks, licence, size and state; made tasks have floors and drawn samples', async () => {
  expect(lineOf('MNIST')).toMatch(/mnist, mnist-add, mnist-add-reg.*comes with Permafrost/);
  expect(lineOf('CIFAR-10')).toMatch(/cifar10, cifar10-gray.*170 MB.*0 B/);
  expect(lineOf('ListOps')).toMatch(/Apache-2.0.*made here.*made by the first run/);
  const made = within(screen.getByLabelText('Tasks that make their own samples', { selector: 'table' }));
  fireEvent.click(made.getByText('Bit XOR, n 5, patterns 2'));
  await eventually(() => expect(screen.getAllByLabelText(/^Sample of [01]( [01]){4}$/)).toHaveLength(8));
  await eventually(() =>
    expect(made.getByText('Bit XOR, n 5, patterns 2').closest('tr')!.textContent).toContain('0.5000'),
  );
});

test('a fetch shows its bytes, pauses and continues, and leaves nothing when it is cancelled', async () => {
  press(/^Fetch .*: cifar10$/);
  await eventually(() => expect(lineOf('CIFAR-10')).toMatch(/1\.02 kB of 170 MB/));
  await visit('/datasets?set=cifar10'); // leaving the page does not end it
  await screen.findByText(/1\.02 kB of 170 MB/, {}, patient);
  press('Pause cifar10');
  await screen.findByText(/paused at 1\.02 kB of 170 MB/, {}, patient);
  press('Go on with cifar10');
  await eventually(() => expect(server.requests.at(-1)!.range).toBe('bytes=1024-'));
  await screen.findByText(/^2\.05 kB of 170 MB/, {}, patient);
  press('Cancel cifar10');
  await screen.findByText('Fetch 170 MB', {}, patient);
  expect(readdirSync(join(page.home, 'data'))).toEqual([]);
});

test('a folder of the user is used where it lies: decoded, verified, drawn as tokens, and released', async () => {
  const use = async (folder: string) => {
    fireEvent.click(await screen.findByText('Use a folder of my own', {}, patient));
    fireEvent.change(await screen.findByLabelText(/^Folder/, {}, patient), { target: { value: folder } });
    fireEvent.submit(screen.getByLabelText('Use a folder of my own', { selector: 'form' }));
  };
  await visit('/datasets?set=cyp3a4');
  await use('/nowhere/at all');
  await screen.findByText(/expected cyp3a4_veith.tab, vocab.json, merges.txt; found not all of them/, {}, patient);
  await use(own);
  await screen.findByText(/has \d+ bytes, but the official file has 721527/, {}, patient);
  const drawn = await screen.findAllByLabelText(/^Sample of (inactive|inhibitor)$/, {}, patient);
  const smiles = screen.getByLabelText('Samples').querySelector('code')!.textContent!;
  expect(molecules).toContain(`\t${smiles}\t`);
  const tokens = drawn[0].textContent!.split(' and ')[0].split(' ');
  expect([tokens[0], tokens.at(-1)]).toEqual(['<s>', '</s>']);
  expect(tokens.slice(1, -1).join('')).toBe(smiles);

  fireEvent.click(screen.getByText('Verify'));
  await screen.findByText(/expected 721527 bytes; found/, {}, patient);
  fireEvent.click(screen.getByText('Remove'));
  await screen.findByText(/^Fetch/, {}, patient);
  press('Restore cyp3a4');
  await screen.findByText(/has \d+ bytes, but the official file has 721527/, {}, patient);
  fireEvent.click(screen.getByText('Remove'));
  await screen.findByText(/^Fetch/, {}, patient);
  expect(readdirSync(own)).toHaveLength(3);
  expect((await page.app.data.list()).find(({ name }) => name === 'cyp3a4')!.state).toBe('absent');
});

test('images are drawn in patches, and an unknown data set links back to the list', async () => {
  await visit('/datasets?set=mnist');
  const [canvas] = await screen.findAllByLabelText<HTMLCanvasElement>(/^Sample of \d$/, {}, patient);
  expect(canvas.width).toBe(28 * 5 + 6); // 7 patches of 4 pixels, 5 of the screen each, and 6 gaps
  await visit('/datasets?set=nothing');
  await screen.findByText('There is no data set nothing', {}, patient);
});

test('published numbers that guessing reaches are named for each task, with table and source', async () => {
  await visit('/datasets?set=cyp3a4');
  const [line] = within(await screen.findByLabelText('Published on the floor', { selector: 'table' }, patient))
    .getAllByText(/unfrozen random transformer/)
    .map((cell) => cell.closest('tr')!.textContent!);
  expect(line).toMatch(/cyp3a4.*0\.6182.*0\.6026.*dl-project/);
  await visit('/datasets?set=mnist');
  await screen.findByText(/^None of MNIST\. /, {}, patient);
});

test.each([
  ['light', '/datasets'],
  ['dark', '/datasets?set=mnist'],
])('no serious complaint of axe in the %s theme at %s', async (theme, address) => {
  document.documentElement.setAttribute('data-mantine-color-scheme', theme);
  await visit(address);
  await screen.findByLabelText('Published on the floor', { selector: 'section' }, patient);
  expect(await seriousComplaints()).toEqual([]);
});
