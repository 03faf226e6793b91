import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CudaProgress } from '#contract/devices';
import { randomStream } from '#contract/random';
import {
  type CudaPackage,
  cudaFolder,
  cudaFolders,
  cudaPackages,
  cudaVersion,
  hasCuda,
  installedRuntime,
  runtimeLibrary,
} from '#trainer/cudaLibraries';
import { probeDevice } from '#trainer/device';
import { runtimeEnvironment } from '#trainer/environment';
import { installCuda, removeCuda } from '#trainer/installCuda';
import { incomplete } from '#zoo/download';
import packageJson from '../../package.json' with { type: 'json' };
import { openSmallDisk, type SmallDisk, whyNoSmallDisk } from '../disk/smallDisk.ts';
import { type Answer, openServer, serve, type TestServer } from '../zoo/server.ts';

const whyNoCuda = process.platform !== 'linux' || process.arch !== 'x64' ? 'CUDA is for Linux x64' : '';
const patience = { attempts: 1, delay: 5 };
const random = randomStream(1, 'cuda');
const randomBytes = (length: number) => Uint8Array.from({ length }, () => random.below(256));

const names = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so', 'libcudart.so.13'];
const [shared, provider, cudart] = [randomBytes(1000), randomBytes(200_000), randomBytes(50_000)];
const archives: Record<string, Buffer> = {
  'onnxruntime-gpu': Buffer.from(
    zipSync({ [`capi/${names[0]}`]: [shared, { level: 0 }], [`capi/${names[1]}`]: provider, 'capi/more.py': cudart }),
  ),
  'nvidia-cuda-runtime': Buffer.from(zipSync({ [`cu13/lib/${names[2]}`]: cudart })),
};

let home: string;
let server: TestServer;
let packages: CudaPackage[];
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-cuda-'));
  server = await openServer();
  const packageOf = (name: string, libraries: string[], unpacked: number): CudaPackage => ({
    ...{ name, version: '1', url: `${server.url}/${name}`, libraries, unpacked },
    bytes: archives[name].length,
    sha256: createHash('sha256').update(archives[name]).digest('hex'),
  });
  packages = [
    packageOf('onnxruntime-gpu', [`capi/${names[0]}`, `capi/${names[1]}`], 201_000),
    packageOf('nvidia-cuda-runtime', [`cu13/lib/${names[2]}`], 50_000),
  ];
});
afterEach(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

const whole: Answer = (request, response) => serve(archives[request.url!.slice(1)])(request, response);
const install = (options: object = {}) => installCuda(home, { packages, patience, ...options });
const left = () => readdirSync(cudaFolder(home)).sort();

it('the libraries are of the version of onnxruntime-node', () => {
  expect(packageJson.dependencies['onnxruntime-node']).toBe(cudaVersion);
  expect(cudaPackages[0].url).toContain(`onnxruntime_gpu-${cudaVersion}-`);
});

describe.skipIf(whyNoCuda)('gpu install', () => {
  it('unpacks the libraries beside a copy of ONNX Runtime, and leaves no archive and no older version', async () => {
    server.answer(whole);
    const old = join(cudaFolders(home), '1.0.0', 'libcudart.so.11');
    mkdirSync(dirname(old), { recursive: true });
    writeFileSync(old, 'old');
    const seen: CudaProgress[] = [];
    await install({ onProgress: (progress: CudaProgress) => seen.push(progress) });
    expect(left()).toEqual([...names, runtimeLibrary].sort());
    expect(readFileSync(join(cudaFolder(home), names[0])).equals(shared)).toBe(true);
    expect(readFileSync(join(cudaFolder(home), names[1])).equals(provider)).toBe(true);
    expect(readFileSync(join(cudaFolder(home), names[2])).equals(cudart)).toBe(true);
    expect(existsSync(dirname(old))).toBe(false);
    expect(hasCuda(home, packages)).toBe(true);
    const ends = seen.filter(({ bytes, total }) => bytes === total).map(({ stage, name }) => `${stage} ${name}`);
    expect([...new Set(ends)]).toEqual(packages.flatMap(({ name }) => [`fetching ${name}`, `unpacking ${name}`]));
  });

  it('goes on where the connection was cut, and fetches no package twice', async () => {
    const path = join(cudaFolder(home), 'nvidia-cuda-runtime.zip');
    const arrived = async (bytes: number) => {
      while ((statSync(incomplete(path), { throwIfNoEntry: false })?.size ?? 0) < bytes) await sleep(5);
    };
    server.answer(whole, serve(archives['nvidia-cuda-runtime'], { until: 20_000, arrived }), whole);
    await expect(install()).rejects.toMatchObject({ code: 'network' });
    expect(hasCuda(home, packages)).toBe(false);
    await install();
    expect(hasCuda(home, packages)).toBe(true);
    expect(server.requests.map(({ url, range }) => [url, range])).toEqual([
      ['/onnxruntime-gpu', undefined],
      ['/nvidia-cuda-runtime', undefined],
      ['/nvidia-cuda-runtime', 'bytes=20000-'],
    ]);
    expect(readFileSync(join(cudaFolder(home), names[2])).equals(cudart)).toBe(true);
  });

  it('fetches no archive again after it was interrupted while it unpacked', async () => {
    server.answer(whole);
    const interrupted = new AbortController();
    const onProgress = ({ stage }: CudaProgress) => stage === 'unpacking' && interrupted.abort();
    await expect(install({ onProgress, signal: interrupted.signal })).rejects.toThrow();
    expect(hasCuda(home, packages)).toBe(false);
    await install();
    expect(hasCuda(home, packages)).toBe(true);
    expect(server.requests.map(({ url }) => url)).toEqual(['/onnxruntime-gpu', '/nvidia-cuda-runtime']);
    expect(readFileSync(join(cudaFolder(home), names[1])).equals(provider)).toBe(true);
  });

  it('a second installation and a removal during the first are refused, and change nothing', async () => {
    server.answer(whole);
    let others: Promise<PromiseSettledResult<unknown>[]> | undefined;
    const onProgress = ({ stage }: CudaProgress) => {
      if (stage === 'unpacking') others ??= Promise.allSettled([install(), removeCuda(home)]);
    };
    await install({ onProgress });
    for (const other of await others!)
      expect(other).toMatchObject({
        status: 'rejected',
        reason: { code: 'conflict', message: expect.stringMatching(/cuda is in use by .* Wait until it finishes/) },
      });
    expect(hasCuda(home, packages)).toBe(true);
    expect(server.requests).toHaveLength(2);
    expect(readdirSync(dirname(cudaFolders(home)))).toEqual(['cuda']);
  });

  it('deletes an archive with a wrong SHA-256 and unpacks nothing of it', async () => {
    const altered = Buffer.from(archives['onnxruntime-gpu']);
    altered[1000] ^= 1;
    server.answer(serve(altered));
    await expect(install()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining(`expected sha256 ${packages[0].sha256}`),
    });
    expect(left()).toEqual([]);
  });

  it('fetches nothing where the disk has no room for the libraries and the largest archive', async () => {
    server.answer(whole);
    const needed = 251_000 + archives['onnxruntime-gpu'].length + statSync(installedRuntime()).size;
    await expect(install({ freeBytes: async () => needed - 1 })).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/^The CUDA libraries need .* Free some space, or set PERMAFROST_HOME/),
    });
    expect(server.requests).toEqual([]);
  });

  it('can be removed', async () => {
    server.answer(whole);
    await install();
    const bytes = await removeCuda(home);
    expect(bytes).toBeGreaterThan(251_000);
    expect(existsSync(cudaFolders(home))).toBe(false);
    expect(await removeCuda(home)).toBe(0);
  });

  it('makes trainers load the provider from the home', async () => {
    server.answer(whole);
    await install();
    const { LD_LIBRARY_PATH } = runtimeEnvironment({ LD_LIBRARY_PATH: '/opt/cuda/lib' }, home);
    expect(LD_LIBRARY_PATH).toBe(`${cudaFolder(home)}:/opt/cuda/lib`);
    expect(runtimeEnvironment({}, home).LD_LIBRARY_PATH).toBe(cudaFolder(home)); // no empty entry
    const environment = runtimeEnvironment(process.env, home);
    expect(await probeDevice('cuda', { environment })).toMatchObject({
      why: `A library that CUDA needs is damaged: ${names[0]}.`, // the stand-in holds random bytes
      command: 'permafrost gpu remove && permafrost gpu install',
      detail: expect.stringContaining(join(cudaFolder(home), names[0])),
    });
  });
});

describe.skipIf(whyNoCuda || whyNoSmallDisk)('gpu install on a disk that fills', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    rmSync(home, { recursive: true });
    disk = openSmallDisk(64);
    home = join(disk.folder, 'home');
    mkdirSync(cudaFolder(home), { recursive: true });
  });
  afterEach(() => disk.remove());

  /** Fills the disk except for some bytes; returns how to empty it. */
  function fillUpTo(bytes: number): () => void {
    const room = join(disk.folder, 'room');
    writeFileSync(room, new Uint8Array(bytes));
    const empty = disk.fill();
    rmSync(room);
    return empty;
  }
  const archive = archives['onnxruntime-gpu'].length;

  it.each([
    ['an archive arrives', 100_000, ['onnxruntime-gpu.zip.incomplete'], 'bytes='],
    ['a library is unpacked', archive + 100_000, ['onnxruntime-gpu.zip', names[0]].sort(), undefined],
    ['the last file is copied', archive + 300_000, [...names].sort(), undefined],
  ])(
    'while %s says what is needed, leaves nothing half-installed, and continues later',
    async (_, bytes, kept, range) => {
      server.answer(whole);
      const empty = fillUpTo(bytes);
      const roomy = { freeBytes: async () => 1e9 }; // the disk fills after it was asked
      await expect(install(roomy)).rejects.toMatchObject({
        code: 'disk',
        message: expect.stringMatching(
          /^The disk became full\. The CUDA libraries need another [\d.]+ MB in .*, but the disk has [\d.]+ k?B free\. What has arrived is kept\. Free some space and run permafrost gpu install again, or set PERMAFROST_HOME/,
        ),
      });
      expect(left()).toEqual(kept);
      expect(hasCuda(home, packages)).toBe(false);
      empty();
      const before = server.requests.length;
      await install(roomy);
      expect(left()).toEqual([...names, runtimeLibrary].sort());
      expect(readFileSync(join(cudaFolder(home), names[1])).equals(provider)).toBe(true);
      const again = server.requests.slice(before).filter(({ url }) => url === '/onnxruntime-gpu');
      expect(again.map((request) => request.range?.slice(0, 6))).toEqual(range ? [range] : []);
    },
  );
});
