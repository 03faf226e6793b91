import { expect, it } from 'vitest';
import { listDevices, openDevices } from '#trainer/device';
import { deviceTrouble } from '#trainer/deviceTrouble';

it('every device is either available or says why not and what to do', async () => {
  const reports = await listDevices();
  expect(reports.map(({ name }) => name).filter((name) => !name.includes(':'))).toEqual([
    'cpu',
    'webgpu',
    'cuda',
    'tensorflow',
  ]);
  for (const { name, available, why, help, command } of reports) {
    expect(available, name).toBe(why === null);
    expect(available, name).toBe(help === null);
    expect(`${why}${help}${command}`, name).not.toContain('\n');
    if (help) expect(help.endsWith(':'), name).toBe(command !== null);
  }
  expect(reports[0].available).toBe(true);
});

it('an unusable device is refused with the reason and the remedy, and auto skips it', async () => {
  for (const { name, available, why } of await listDevices()) {
    if (available) expect((await openDevices(name))[0].name).toContain(name);
    else
      await expect(openDevices(name)).rejects.toMatchObject({
        code: 'device',
        message: expect.stringContaining(`${name} cannot be used here: ${why}`),
      });
  }
  expect((await openDevices('auto')).at(-1)?.name).toMatch(/^cpu/);
});

it('says how many threads the cpu uses', async () => {
  expect((await openDevices('cpu', { threads: 1 }))[0].name).toBe('cpu (ONNX Runtime, 1 thread)');
  expect((await openDevices('cpu', { threads: 3 }))[0].name).toBe('cpu (ONNX Runtime, 3 threads)');
});

it.each([
  [
    'webgpu',
    'webgpu (ONNX Runtime) refuses the graph: Failed to get a WebGPU adapter: No supported adapters.',
    /no graphics card/,
  ],
  [
    'cuda',
    'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
    /The CUDA part of ONNX Runtime/,
  ],
  ['cuda', 'CUDA failure 35: CUDA driver version is insufficient', /no NVIDIA card that it can use/],
  [
    'tensorflow',
    "Cannot find module '@tensorflow/tfjs-node-gpu'\nRequire stack:\n- device.ts",
    /optional package .* not installed/,
  ],
  ['cuda', 'something new', /^A trial failed\.$/],
])('says in a sentence why %s does not work, with the message of the runtime apart', (name, out, why) => {
  const trouble = deviceTrouble(name, { out, signal: null, timeout: null });
  expect(trouble.why).toMatch(why);
  expect(trouble.why).not.toContain(out);
  expect(trouble.detail).toContain(out.slice(0, 20));
});

it('says how a trial ended that said nothing', () => {
  expect(deviceTrouble('cuda', { out: '', signal: 'SIGSEGV', timeout: null })).toMatchObject({
    why: 'The driver crashed during a trial.',
    detail: 'The process was killed by SIGSEGV.',
  });
  expect(deviceTrouble('cuda', { out: '', signal: 'SIGTERM', timeout: 60 }).why).toBe(
    'The device did not answer within 60 seconds.',
  );
});
