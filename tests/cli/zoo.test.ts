/** `permafrost zoo` as a user meets it, against a hub on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HubServer, openHub } from '../zoo/hubServer.ts';
import { status } from '../zoo/server.ts';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
const config = { model_type: 'gpt2', ...JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).config };

let root: string;
let hub: HubServer;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'permafrost-cli-zoo-'));
  const files = {
    'config.json': Buffer.from(JSON.stringify(config)),
    'pytorch_model.bin': readFileSync(join(golden, 'f04-legacy-fp16-bare.bin')),
  };
  hub = await openHub({ 'me/golden': { commit: 'b'.repeat(40), files } });
});
afterAll(async () => {
  await hub.close();
  rmSync(root, { recursive: true, maxRetries: 5 });
});

async function permafrost(...words: string[]) {
  const env = {
    ...process.env,
    ...{ PERMAFROST_HOME: join(root, 'home'), HF_HOME: join(root, 'hf'), HF_ENDPOINT: hub.api.url },
  };
  const child = spawn(process.execPath, [bin, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, code };
}

it('adds, fetches, trains with, verifies and deletes a model', async () => {
  const added = await permafrost('zoo', 'add', 'me/golden');
  expect(added.stdout).toMatch(/me\/golden is in the zoo\. Fetch its weights: permafrost zoo pull me\/golden/);
  expect((await permafrost('zoo', 'list', 'golden')).stdout).toMatch(/me\/golden +GPT-2 +2 +8 +/);

  const settings = [
    'task=bit-xor',
    'n=4',
    'num_patterns=2',
    'model_name=me/golden',
    'batch_size=4',
    'gpu_batch_size=4',
  ];
  const small = ['num_iters=1', 'steps_per_iter=2', 'test_steps_per_iter=4', 'final_test_samples=4', 'device=cpu'];
  const run = ['run', ...[...settings, ...small].flatMap((setting) => ['--set', setting])];
  const early = await permafrost(...run);
  expect(early.stderr).toMatch(/no weights of me\/golden on this machine.*permafrost zoo pull me\/golden/s);
  expect(early.code).toBe(3);

  const pulled = await permafrost('zoo', 'pull', 'me/golden', '--json');
  const [{ path, state }] = JSON.parse(pulled.stdout).models;
  expect([state, existsSync(path)]).toEqual(['here', true]);
  const trained = await permafrost(...run);
  expect(trained.stderr).toMatch(/finished: accuracy/);

  const shown = await permafrost('zoo', 'show', 'me/golden', '--batch', '4');
  expect(shown.stdout).toMatch(/source +me\/golden @ b{40}/);
  expect(shown.stdout).toMatch(/on disk +\d+.* kB, here/);
  expect((await permafrost('zoo', 'verify', 'me/golden')).stdout).toMatch(
    /every weight fits, SHA-256 as its source says/,
  );
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]));
  const broken = await permafrost('zoo', 'verify', 'me/golden');
  expect(broken.stdout).toMatch(/SHA-256 is [0-9a-f]{64}, expected/);
  expect(broken.code).toBe(5);
  expect((await permafrost('zoo', 'rm', 'me/golden')).stdout).toMatch(/me\/golden removed; .* freed\./);
  expect(existsSync(path)).toBe(false);
});

it('says what is wrong, with its exit code', async () => {
  const rows: [string[], number, RegExp][] = [
    [['zoo', 'show', 'gtp2'], 4, /Did you mean gpt2\?/],
    [['zoo', 'rm', 'gpt2'], 4, /Nothing of gpt2 is on this machine/],
    [['zoo', 'add', 'nobody/nothing'], 5, /answered 404/],
    [['zoo', 'list', '--largest', 'x'], 2, /--largest expects millions/],
    [['zoo', 'show', 'gpt2', '--batch', '0'], 2, /--batch expects a whole number/],
  ];
  for (const [words, code, message] of rows) {
    const said = await permafrost(...words);
    expect(said.stderr).toMatch(message);
    expect(said.code, words.join(' ')).toBe(code);
  }
  hub.api.answer(status(401));
  const refused = await permafrost('zoo', 'pull', 'gpt2', '--json');
  expect(JSON.parse(refused.stdout).error).toMatchObject({
    code: 'network',
    message: expect.stringMatching(/set HF_TOKEN/),
  });
});

it('a folder can be added too', async () => {
  const folder = join(root, 'mine');
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'pytorch_model.bin'), readFileSync(join(golden, 'f07-zip-views.bin')));
  const { stdout } = await permafrost('zoo', 'add', folder, '--name', 'views', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ name: 'views', state: 'here', origin: 'added' });
  expect(
    (
      await permafrost(
        'count',
        '--set',
        'task=bit-xor',
        '--set',
        'n=4',
        '--set',
        'num_patterns=2',
        '--set',
        'model_name=views',
      )
    ).code,
  ).toBe(0);
});
