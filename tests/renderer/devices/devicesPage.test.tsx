// @vitest-environment happy-dom
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';
import { openWindow, seriousComplaints } from '../window.tsx';

const patient = { timeout: 150_000 };
let page: Awaited<ReturnType<typeof openWindow>>;
afterEach(() => page.close());

test("every device works or says why not and what to do; the machine's load is live", async () => {
  page = await openWindow('/devices');
  const devices = await page.app.devices.list();
  await screen.findByRole('heading', { name: devices[0].name }, patient);
  for (const { name, why, help, command, detail } of devices) {
    expect(screen.getByRole('heading', { name })).toBeTruthy();
    for (const text of [why, help, command, detail]) if (text) expect(document.body.textContent).toContain(text);
  }
  const working = devices.filter(({ available }) => available).length;
  expect(screen.getByText(`${working} of ${devices.length} ${working === 1 ? 'works' : 'work'} here`)).toBeTruthy();
  const line = await screen.findByRole('img', { name: 'Processor load over the last minute' }, patient);
  const first = line.innerHTML;
  await waitFor(() => expect(line.innerHTML).not.toBe(first), patient);
  expect(await seriousComplaints()).toEqual([]);
});

test('a cluster shows its partitions, and our jobs with the reason why they wait', async () => {
  const { PATH } = process.env;
  const commands = mkdtempSync(join(tmpdir(), 'permafrost-slurm-'));
  const install = (name: string, answer: string) =>
    writeFileSync(join(commands, name), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
  install('sinfo', 'gpu|up|mix|12/20/0/32|gpu:a100:4|gpu:a100:3|n1|');
  install('squeue', '7|3-40%8|PENDING|0|0||permafrost:a|Priority|');
  process.env.PATH = `${commands}:${PATH}`;
  try {
    page = await openWindow('/devices');
    expect(await screen.findByRole('cell', { name: '1 of 4' }, patient)).toBeTruthy();
    expect(screen.getByRole('cell', { name: '7_[3-40%8]' })).toBeTruthy();
    expect(screen.getByRole('cell', { name: '38' })).toBeTruthy();
    expect(screen.getByRole('cell', { name: 'Priority' })).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Cluster settings' }));
    const partition = await screen.findByRole('textbox', { name: 'partition' }, patient);
    await userEvent.type(partition, 'gpu');
    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(page.app.cluster.settings().partition).toBe('gpu'), patient);
    expect((await screen.findByLabelText('Batch script for ten runs', {}, patient)).textContent).toContain(
      '#SBATCH --partition=gpu',
    );
    expect(await seriousComplaints()).toEqual([]);
  } finally {
    process.env.PATH = PATH;
    rmSync(commands, { recursive: true });
  }
});
