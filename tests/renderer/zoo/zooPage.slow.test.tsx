import '../dom.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '#contract/config';
import { safetensorsChunks } from '#formats/safetensors';
import { bodies } from '#models/index';
import { type HubServer, openHub } from '../../zoo/hubServer.ts';
import { serve } from '../../zoo/server.ts';
import { openWindow, seriousComplaints } from '../window.tsx';
import '../layout.ts';

const patient = { timeout: 60_000 };
const eventually = (check: () => void) => waitFor(check, patient);
const tiny = 'sshleifer/tiny-gpt2';
const variables = ['HF_HOME', 'HF_ENDPOINT'] as const;
const before = variables.map((name) => process.env[name]);
let folder: string;
let hub: HubServer;
let page: Awaited<ReturnType<typeof openWindow>>;

/** A whole checkpoint of zeros. */
function checkpoint(name: string): Buffer {
  const { body, config } = bodies[name];
  const tensors = Object.entries(body.parameters(config)).map(([parameter, shape]) => {
    return [parameter, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }];
  });
  return Buffer.concat([...safetensorsChunks(Object.fromEntries(tensors))]);
}
const weights = checkpoint(tiny);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-hub-'));
  const files = { 'config.json': Buffer.from('{"model_type":"gpt2"}'), 'model.safetensors': weights };
  hub = await openHub({ [tiny]: { commit: 'a'.repeat(40), files } });
  Object.assign(process.env, { HF_HOME: folder, HF_ENDPOINT: hub.api.url });
  page = await openWindow('/zoo');
  await screen.findByLabelText('Models', {}, patient);
});
afterAll(async () => {
  await page.close();
  await hub.close();
  rmSync(folder, { recursive: true });
  for (const [i, name] of variables.entries()) {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  }
});
const lines = () => [...screen.getByLabelText('Models').querySelectorAll('tbody tr')].map((row) => row.textContent!);
const press = (label: string | RegExp) => fireEvent.click(screen.getByLabelText(label));
const visit = (address: string) => act(async () => page.history.push(address));

test('models are searched and filtered, the rest is hidden, and an empty list leads back', async () => {
  expect(lines()).toHaveLength(page.app.zoo.list().length);
  expect(await seriousComplaints()).toEqual([]);
  fireEvent.change(screen.getByLabelText('Search models'), { target: { value: 'chess' } });
  await eventually(() => expect(lines()).toHaveLength(1));
  expect(lines()[0]).toMatch(/gpt2-chess-uci.*12 × 768.*chess.*none stated/);
  await visit('/zoo?language=English&licence=mit&size=10');
  await eventually(() => expect(lines().join()).toMatch(/^permafrost-nano/));
  await visit('/zoo?text=nowhere');
  fireEvent.click(await screen.findByText('Clear the filter', {}, patient));
  await eventually(() => expect(lines().length).toBeGreaterThan(10));
});

test('whether training fits depends on the batch size and on freezing', async () => {
  const lineOf = (name: string) => lines().find((line) => line.startsWith(name))!;
  await visit('/zoo?batch=25');
  await eventually(() => expect(lineOf('permafrost-nano')).toMatch(/fits, [\d.]+ MB/));
  const small = lineOf('permafrost-nano');
  await visit('/zoo?batch=100000&train=all');
  await eventually(() => expect(lineOf('gpt2-large')).toContain('too large'));
  expect(lineOf('permafrost-nano')).not.toBe(small);
});

test('a fetch shows its bytes, pauses and continues, and a removed model can be restored', async () => {
  const half = Math.trunc(weights.length / 2);
  let ranges = 0;
  hub.storage.answer(
    serve(weights, { until: half, arrived: () => new Promise(() => {}) }), // hangs until the client disconnects
    (request, response) => {
      if (request.headers.range === `bytes=${half}-`) ranges++;
      return serve(weights)(request, response);
    },
  );
  await visit('/zoo?text=tiny-gpt2');
  press(/^Fetch .*: sshleifer.tiny-gpt2$/);
  await eventually(() => expect(lines()[0]).toMatch(/[\d.]+ kB of 41\d kB/));
  press(`Pause ${tiny}`);
  await eventually(() => expect(lines()[0]).toMatch(/paused at [\d.]+ kB of 41\d kB/));
  press(`Resume ${tiny}`);
  await eventually(() => expect(lines()[0]).toMatch(/here, 41\d kB/));
  expect(ranges).toBe(1);

  await visit(`/zoo?model=${encodeURIComponent(tiny)}`);
  fireEvent.click(await screen.findByText('Verify', {}, patient));
  await screen.findByText(
    /all weights have the expected names and shapes, the SHA-256 equals the source’s/,
    {},
    patient,
  );
  fireEvent.click(screen.getByText('Remove'));
  await screen.findByText('Removed; Permafrost deletes them when it exits', {}, patient);
  expect(page.app.zoo.get(tiny).state).toBe('absent');
  press(`Restore ${tiny}`);
  await screen.findByText('Verify', {}, patient);
  expect(page.app.zoo.get(tiny).state).toBe('here');
  expect(page.app.zoo.removed()).toEqual([]);
});

test('a card counts what each regime trains, draws it, and leads to a new run with that body', async () => {
  await visit('/zoo?model=distilbert%2Fdistilgpt2'); // by another name
  const table = within(await screen.findByLabelText('Regimes', {}, patient));
  const shown = (regime: string) => table.getByText(regime).closest('tr')!.textContent;
  for (const [regime, freeze_trans] of [
    ['FPT', true],
    ['URT', false],
  ] as const) {
    const config = parseConfig({ task: 'mnist', patch_size: 4, model_name: 'distilgpt2', freeze_trans });
    expect(shown(regime)).toContain(page.app.config.count(config).trainable.toLocaleString('en'));
  }
  await screen.findByText(/^Attention: .* parameters, frozen$/, {}, patient);
  fireEvent.click(table.getByText('URT'));
  await screen.findByText(/^Attention: .* parameters, trained$/, {}, patient);
  expect(await seriousComplaints()).toEqual([]);
  fireEvent.click(screen.getByText('Use in a new run'));
  await eventually(() =>
    expect(screen.getByLabelText('Body', { selector: 'input' })).toHaveProperty('value', 'distilgpt2'),
  );
});

test('a source that cannot be added says why', async () => {
  await visit('/zoo');
  fireEvent.click(await screen.findByText('Add a model', {}, patient));
  fireEvent.change(await screen.findByLabelText(/^Source/, {}, patient), { target: { value: '/nowhere/at all' } });
  fireEvent.submit(screen.getByLabelText('Add a model', { selector: 'form' }));
  await screen.findByText(/is neither a folder nor a Hugging Face repository/, {}, patient);
});

test('an unusable added model is named with the reason and hides no other model', async () => {
  await visit('/zoo');
  mkdirSync(join(page.home, 'models'), { recursive: true });
  writeFileSync(join(page.home, 'models', 'added.json'), '[{"name":"../runs"}]');
  await page.app.zoo.cancel(tiny); // any change repeats the queries of the lists
  await screen.findByText('Added models that cannot be used', {}, patient);
  screen.getByText(/entry 1 \("\.\.\/runs"\): name: "\.\.\/runs" is not a model name/);
  expect(lines().length).toBeGreaterThan(10);
});
