import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { MetricRow } from '#contract/run';
import type { CurveRange } from '#contract/runServices';
import { everyPoint } from '#renderer/pages/run/everyPoint';
import { openStore } from '#store/store';

it('a curve that is too long for one call arrives complete, in order, within the bounds', async () => {
  const store = await openStore(':memory:');
  store.runs.add({ id: 'run', config: parseConfig({ task: 'mnist', patch_size: 4 }), createdAt: 1 }, 'queued');
  const rows = Array.from({ length: 3000 }, (_, i): MetricRow => ['train_loss', 2 * i + 3, Math.sin(i)]);
  store.apply('run', [{ seq: 1, at: 1, body: { kind: 'metrics', rows } }]);
  const read = async (range: CurveRange) => {
    expect(range.points).toBeLessThanOrEqual(500);
    return store.metrics.curve('run', 'train_loss', range);
  };
  const all = rows.map(([, step, value]) => ({ step, value }));
  expect(await everyPoint(read, {}, 500)).toEqual(all);
  const part = all.filter(({ step }) => step >= 100 && step <= 4000);
  expect(await everyPoint(read, { from: 100, to: 4000 }, 500)).toEqual(part);
  expect(await everyPoint(read, { from: 100, to: 200 }, 500)).toEqual(
    all.filter(({ step }) => step >= 100 && step <= 200),
  );
  store.close();
});
