// @vitest-environment happy-dom
import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { type Run, runSchema } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import { RunSummary } from '#renderer/pages/run/RunSummary.tsx';

const run: Run = runSchema.parse({
  ...{ id: 'a', config: { task: 'bit-xor' }, state: 'queued', tags: [], deviations: [], result: null, device: null },
  ...{ createdAt: 0, startedAt: null, endedAt: null, step: 0, totalSteps: 10, trainable: null, total: null },
  reason: { code: 'waiting', message: 'Waits in Slurm as job 12_0: Priority.' },
});
const row: RunRow = {
  ...{
    id: 'a',
    name: 'a',
    state: 'queued',
    reason: run.reason,
    task: 'bit-xor',
    model: 'gpt2',
    regime: 'FPT',
    seed: 0,
  },
  ...{ settings: {}, metric: 'accuracy', last: null, best: null, recent: null, value: null, standardError: null },
  ...{ step: 0, totalSteps: 10, createdAt: 0, startedAt: null, endedAt: null, seconds: 0, device: null },
  ...{ trainable: null, total: null, tags: [], note: '', archived: false, trashedAt: null },
};
const show = (live: RunRow) => (
  <MantineProvider>
    <RunSummary run={run} row={live} published={null} />
  </MantineProvider>
);

test('a paused run no longer says why it waited in Slurm', () => {
  const { rerender } = render(show(row));
  expect(screen.getByRole('alert').textContent).toBe('The run waitsWaits in Slurm as job 12_0: Priority.');
  rerender(show({ ...row, state: 'paused', reason: null }));
  expect(screen.queryByRole('alert')).toBeNull();
});
