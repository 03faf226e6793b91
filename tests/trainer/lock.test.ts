import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holdEndpoint, lockRun } from '../../src/trainer/lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockFile = join(import.meta.dirname, '../../src/trainer/lock.ts');

/** A process that holds `endpoint` and then computes without ever answering. */
async function holder(endpoint: string) {
  const code = `import { holdEndpoint } from ${JSON.stringify(lockFile)};
    await holdEndpoint(${JSON.stringify(endpoint)});
    process.stdout.write('held', () => { for (;;); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
}

it('a run folder is held by one trainer at a time', async () => {
  const release = await lockRun(folder);
  await expect(lockRun(join(folder, '.'))).rejects.toMatchObject({ code: 'conflict' });
  release();
  (await lockRun(folder))();
});

it.each([
  ['outside the file system', () => `\0permafrost-test-${process.pid}`],
  ['in a socket file', () => join(folder, 'lock.sock')],
])('a lock %s holds while its process is busy and is free when that was killed', async (_, endpointOf) => {
  const endpoint = endpointOf();
  const kill = await holder(endpoint);
  expect(await holdEndpoint(endpoint)).toBeNull();
  await kill();
  if (!endpoint.startsWith('\0')) expect(existsSync(endpoint)).toBe(true); // nobody was left to remove it
  const release = await holdEndpoint(endpoint);
  expect(release).not.toBeNull();
  release!();
});
