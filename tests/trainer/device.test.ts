import { expect, it } from 'vitest';
import { listDevices, openDevices } from '#trainer/device';

it('every device is either available or says why not and what to do', async () => {
  const reports = await listDevices();
  expect(reports.map(({ name }) => name)).toEqual(['cpu', 'webgpu', 'cuda', 'tensorflow']);
  for (const { name, available, why, help } of reports) {
    expect(available, name).toBe(why === null);
    expect(available, name).toBe(help === null);
    expect(why ?? '', name).not.toContain('\n');
  }
  expect(reports[0].available).toBe(true);
});

it('an unusable device is refused with the reason and the remedy, and auto skips it', async () => {
  for (const { name, available, why, help } of await listDevices()) {
    if (available) expect((await openDevices(name))[0].name).toContain(name);
    else
      await expect(openDevices(name)).rejects.toMatchObject({
        code: 'device',
        message: `${name} cannot be used here: ${why} ${help}`,
      });
  }
  expect((await openDevices('auto')).at(-1)?.name).toMatch(/^cpu/);
});

it('says how many threads the cpu uses', async () => {
  expect((await openDevices('cpu', { threads: 1 }))[0].name).toBe('cpu (ONNX Runtime, 1 thread)');
  expect((await openDevices('cpu', { threads: 3 }))[0].name).toBe('cpu (ONNX Runtime, 3 threads)');
});
