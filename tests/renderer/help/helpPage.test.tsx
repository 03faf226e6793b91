// @vitest-environment happy-dom
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { screen, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { glossary } from '#renderer/help/glossary';
import { openWindow, seriousComplaints } from '../window.tsx';

let page: Awaited<ReturnType<typeof openWindow>> | null = null;
afterEach(async () => {
  await page?.close();
  page = null;
});
const patient = { timeout: 120_000 };

test('an empty home opens on three ways in, with what each costs, and the regimes', async () => {
  page = await openWindow('/');
  await screen.findByText('Welcome to Permafrost', { selector: 'h1' }, patient);
  const ways = within(screen.getByLabelText('Ways to begin'));
  await ways.findByText(/^\d+ MB of download; hours on a processor$/, {}, patient);
  const { results } = await page.app.tables.state('nano', 'quick');
  const cells = results.map(({ cell: { id, seeds } }) => ({ id, seeds }));
  const { started } = page.app.tables.plan({ table: 'nano', profile: 'quick', cells });
  expect(ways.getByText(`${started} runs, about five minutes on two cores; no download`)).toBeTruthy();
  expect(
    [...document.querySelectorAll('article a.mantine-Button-root')].map((link) => link.getAttribute('href')),
  ).toEqual(['/tables?table=nano&profile=quick', '/zoo?model=gpt2', '/tables?table=q1-fpt&profile=paper', '/new']);
  expect(within(screen.getByLabelText('Regimes')).getByText('FRT')).toBeTruthy();
  expect(await seriousComplaints()).toEqual([]);
});

test('a term in a label leads to its line in the glossary', async () => {
  page = await openWindow('/help?term=floor');
  const line = await screen.findByText('floor', { selector: 'dt' }, patient);
  expect(line.getAttribute('aria-current')).toBe('true');
  expect(await seriousComplaints()).toEqual([]);
});

test('the glossary of the window says what the guide says', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guide.md'), 'utf8');
  for (const [term, meaning] of Object.entries(glossary)) expect(guide).toContain(`| ${term} | ${meaning} |`);
});
