import { afterEach, expect, it, vi } from 'vitest';
import { listDevices, openDevices, openUntried, tryMixed } from '#trainer/device';
import { cudaInstallLack, cudaLack, deviceTrouble } from '#trainer/deviceTrouble';
import { systemsIn } from '#trainer/graphicsDriver';
import { driverVersion } from '#trainer/nvidiaDriver';

it('every device is either available or says why not and what to do', async () => {
  const reports = await listDevices();
  expect(reports.map(({ name }) => name).filter((name) => !name.includes(':'))).toEqual([
    'cpu',
    'webgpu',
    'cuda',
    'tensorflow',
  ]);
  for (const { name, available, why, help, command, mixed } of reports) {
    expect(available, name).toBe(why === null);
    expect(available, name).toBe(help === null);
    expect(`${why}${help}${command}`, name).not.toContain('\n');
    expect(mixed === null, name).toBe(!available || !name.startsWith('webgpu'));
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

afterEach(() => vi.unstubAllEnvs());

it('ONNX Runtime takes the place of our kernels in fp32 alone: a mixed run fails and says why', async () => {
  vi.stubEnv('PERMAFROST_WEBGPU', 'onnx');
  expect((await openUntried('webgpu')).name).toBe('webgpu (ONNX Runtime)');
  await expect(openUntried('webgpu', { precision: 'mixed' })).rejects.toMatchObject({
    code: 'device',
    message: expect.stringMatching(/^Precision mixed needs .* PERMAFROST_WEBGPU is onnx\. Choose precision fp32\.$/),
  });
});

it('a list of devices says of a card that works whether it computes with precision mixed, in the words of the refusal', async () => {
  vi.stubEnv('PERMAFROST_WEBGPU', 'onnx');
  const { why } = (await tryMixed('webgpu'))!;
  await expect(openUntried('webgpu', { precision: 'mixed' })).rejects.toThrow(why!);
  expect(await tryMixed('cpu')).toBeNull();
});

const machine = { platform: 'linux', systems: ['debian'], driver: null, hasCard: true };

const noProvider =
  'cuda (ONNX Runtime) refuses the graph: OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library [ONNXRuntimeError] : 1 : FAIL : Failed to load library ';

it.each([
  [
    'webgpu',
    'webgpu (ONNX Runtime) refuses the graph: Failed to get a WebGPU adapter: No supported adapters.',
    /no graphics card/,
  ],
  [
    'cuda',
    `${noProvider}/bin/libonnxruntime_providers_shared.so with error: /bin/libonnxruntime_providers_shared.so: cannot open shared object file`,
    /^The CUDA libraries are not installed\.$/,
  ],
  [
    'cuda',
    `${noProvider}/bin/libonnxruntime_providers_cuda.so with error: libcuda.so.1: cannot open shared object file`,
    /driver's library libcuda\.so\.1 is missing/,
  ],
  [
    'cuda',
    `${noProvider}/bin/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file`,
    /needs is missing: libcublasLt\.so\.13\./,
  ],
  [
    'cuda',
    'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1',
    /driver is too old/,
  ],
  ['cuda', 'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1', /no NVIDIA card that it can use/],
  ['cuda', 'CUDA failure 209: no kernel image is available for execution', /card is too old/],
  [
    'tensorflow',
    "Cannot find module '@tensorflow/tfjs-node-gpu'\nRequire stack:\n- device.ts",
    /optional package .* not installed/,
  ],
  ['cuda', 'something new', /^A trial failed\.$/],
])('says in a sentence why %s does not work, with the message of the runtime apart', (name, out, why) => {
  const trouble = deviceTrouble(name, { out, signal: null, timeout: null, machine });
  expect(trouble.why).toMatch(why);
  expect(trouble.why).not.toContain(out);
  expect(trouble.detail).toContain(out.slice(0, 20));
});

it.each([
  ['on Debian', {}, 'sudo apt-get install mesa-vulkan-drivers'],
  [
    'on a system like Debian',
    { systems: ['linuxmint', 'ubuntu', 'debian'] },
    'sudo apt-get install mesa-vulkan-drivers',
  ],
  ['on Fedora', { systems: ['fedora'] }, 'sudo dnf install mesa-vulkan-drivers'],
  [
    'with the NVIDIA driver on Ubuntu',
    { systems: ['ubuntu', 'debian'], driver: { version: '580.82.07' } },
    'sudo apt-get install libnvidia-gl-580',
  ],
  ['under WSL', { driver: { version: null } }, 'sudo apt-get install mesa-vulkan-drivers'],
  ['on an unknown Linux', { systems: [] }, 'permafrost devices'],
  ['on Windows', { platform: 'win32', systems: [] }, 'dxdiag'],
])('names the command that gives webgpu a driver %s, where the row had none', (_, found, command) => {
  const trial = { out: 'No supported adapters.', signal: null, timeout: null, machine: { ...machine, ...found } };
  const trouble = deviceTrouble('webgpu', trial);
  expect(trouble.command).toBe(command);
  expect(trouble.help).toMatch(/:$/);
});

it('says that a machine has no graphics card, where it asked for the driver of one', () => {
  const out = 'No supported adapters.';
  const trial = { out, signal: null, timeout: null, machine: { ...machine, hasCard: false } };
  const trouble = deviceTrouble('webgpu', trial);
  expect(trouble.why).toBe('This machine or container has no graphics card.');
  expect(trouble.help).toMatch(/faster as device cpu.*for the processor:$/);
  expect(trouble.command).toBe('sudo apt-get install mesa-vulkan-drivers');
});

it('reads the distribution and its relatives', () => {
  expect(systemsIn('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n')).toEqual([
    'linuxmint',
    'ubuntu',
    'debian',
  ]);
  expect(systemsIn('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')).toEqual(['debian']);
});

it('says how a trial without output ended', () => {
  expect(deviceTrouble('cuda', { out: '', signal: 'SIGSEGV', timeout: null, machine })).toMatchObject({
    why: 'The driver crashed during a trial.',
    detail: 'The process was killed by SIGSEGV.',
  });
  expect(deviceTrouble('cuda', { out: '', signal: 'SIGTERM', timeout: 60, machine }).why).toBe(
    'The device did not answer within 60 seconds.',
  );
});

it('says what a machine lacks for cuda before it tries it, and names an old driver before it fetches a gigabyte', () => {
  const machine = { platform: 'linux', arch: 'x64' };
  expect(cudaLack({ ...machine, driver: null })).toMatchObject({
    why: 'This machine has no NVIDIA driver.',
    command: 'permafrost gpu install',
  });
  expect(cudaLack({ ...machine, platform: 'darwin', driver: null })?.why).toBe(
    'ONNX Runtime for Node has CUDA on Linux x64 only; this is darwin x64.',
  );
  const old = { ...machine, driver: { version: '535.183.01' } };
  expect(cudaLack(old)).toBeNull(); // it may have the libraries of an older CUDA
  expect(cudaInstallLack(old)?.why).toBe('The NVIDIA driver is of version 535.183.01, and CUDA 13 needs 580 or newer.');
  for (const version of ['580.65.06', '610.1', null])
    expect(cudaInstallLack({ ...machine, driver: { version } })).toBeNull();
});

it.each([
  ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024', '535.183.01'],
  ['NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.82.07  Release Build  (dvs-builder@U22)', '580.82.07'],
  ['something new', null],
])('reads the version of the NVIDIA driver from %s', (line, version) => {
  expect(driverVersion(`${line}\nGCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n`)).toBe(version);
});
