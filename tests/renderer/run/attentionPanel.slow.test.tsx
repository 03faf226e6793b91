// @vitest-environment happy-dom
/** The attention maps of a run and its network as a file, over a real app. */
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '#contract/config';
import { cellAt, cellColor, heatmapLayout } from '#renderer/pages/run/heatmap';
import { openWindow, seriousComplaints, tiny } from '../window.tsx';

const patient = { timeout: 120_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
let id: string;
beforeAll(async () => {
  page = await openWindow('/', async (app) => {
    [id] = await app.runs.create([parseConfig({ ...tiny, patch_size: 1, n_positions: 16 })]);
    await app.queue.whenIdle();
    return `/runs/${id}`;
  });
  await screen.findByText('Show the maps', {}, patient);
}, 200_000);
afterAll(() => page.close());

const section = () => within(screen.getByLabelText('Attention', { selector: 'section' }));

test('maps are computed on request, for any sample and checkpoint', async () => {
  fireEvent.click(section().getByText('Show the maps'));
  await section().findByLabelText('Attention of layer 0, mean of all heads, over 10 tokens', {}, patient);
  const shown = await page.app.analysis.attention(id, { checkpoint: 'best', sample: 0 });
  expect(section().getByText(shown.answer.join(' '), { selector: 'dd' })).toBeTruthy();
  fireEvent.click(section().getByLabelText('Next sample'));
  const next = await page.app.analysis.attention(id, { checkpoint: 'best', sample: 1 });
  await section().findByText(next.data.samples[0].y.join(' '), { selector: 'dd' }, patient);
  fireEvent.click(section().getByText('Start'));
  await section().findByText('start, step 0', {}, patient);
  expect(await seriousComplaints()).toEqual([]);
}, 300_000);

test('the network downloads as ONNX, made on demand', async () => {
  await waitFor(() => expect(screen.getByText('ONNX')).toBeTruthy(), patient);
  const { name, chunks } = page.app.download(`/download/model.onnx?id=${id}`);
  expect(name).toBe(`${id}-model.onnx`);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk as Uint8Array);
  expect(Buffer.concat(parts).includes('permafrost.config')).toBe(true);
}, 300_000);

test('cells are found under the pointer and are darker for larger weights', () => {
  const tokens = ['1', '0', '1'];
  const layout = heatmapLayout(tokens);
  const { left, top, cell } = layout;
  expect(cellAt(layout, 3, left + 2.5 * cell, top + 0.5 * cell)).toEqual([0, 2]);
  expect(cellAt(layout, 3, left - 1, top + 1)).toBeNull();
  expect(cellAt(layout, 3, left + 3 * cell, top)).toBeNull();
  expect(heatmapLayout(new Array(197).fill('0,0'))).toMatchObject({ left: 0, top: 0, labels: false, cell: 2 });
  expect([0, 0.5, 1, 2].map((weight) => cellColor(weight, 1, 'light'))).toEqual([
    ...['rgb(246, 249, 250)', 'rgb(123, 202, 226)'],
    ...['rgb(10, 74, 97)', 'rgb(10, 74, 97)'],
  ]);
});
