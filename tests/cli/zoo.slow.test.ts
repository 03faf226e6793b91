/** `permafrost zoo` as a user meets it, against a hub on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HubServer, openHub } from '../zoo/hubServer.ts';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
const config = { model_type: 'gpt2', ...JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).config };

const patience = 300_000; // nine processes, on a machine that may be busy

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

it(
  'adds, fetches, trains with, verifies and deletes a model',
  async () => {
    const added = await permafrost('zoo', 'add', 'me/golden');
    expect(added.stdout).toMatch(/me\/golden is in the zoo\. Fetch its weights: permafrost zoo pull me\/golden/);
    const pulled = await permafrost('zoo', 'pull', 'me/golden', '--json');
    const [{ path, state }] = JSON.parse(pulled.stdout).models;
    expect([state, existsSync(path)]).toEqual(['here', true]);

    const settings = [
      'task=bit-xor',
      'n=4',
      'num_patterns=2',
      'model_name=me/golden',
      'batch_size=4',
      'gpu_batch_size=4',
    ];
    const small = ['num_iters=1', 'steps_per_iter=2', 'test_steps_per_iter=4', 'final_test_samples=4', 'device=cpu'];
    const trained = await permafrost('run', ...[...settings, ...small].flatMap((setting) => ['--set', setting]));
    expect(trained.stderr).toMatch(/finished: accuracy/);

    const [shown, verified] = await Promise.all([
      permafrost('zoo', 'show', 'me/golden', '--batch', '4'),
      permafrost('zoo', 'verify', 'me/golden'),
    ]);
    expect(shown.stdout).toMatch(/source +me\/golden @ b{40}/);
    expect(shown.stdout).toMatch(/on disk +\d+.* kB, here/);
    expect(verified.stdout).toMatch(/every weight fits the model, SHA-256 as published/);
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]));
    const broken = await permafrost('zoo', 'verify', 'me/golden');
    expect(broken.stdout).toMatch(/SHA-256 is [0-9a-f]{64}, expected/);
    expect(broken.code).toBe(5);
    expect((await permafrost('zoo', 'rm', 'me/golden')).stdout).toMatch(/me\/golden removed; .* freed\./);
    expect(existsSync(path)).toBe(false);
  },
  patience,
);

it(
  'says what is wrong, with its exit code',
  async () => {
    const rows: [string[], number, RegExp][] = [
      [['zoo', 'show', 'gtp2'], 4, /Did you mean gpt2\?/],
      [['zoo', 'list', '--largest', 'x'], 2, /--largest expects millions/],
      [['zoo', 'pull', 'gpt2'], 5, /answered 404/],
      [['zoo', 'add', root, '--name', '../runs'], 2, /"\.\.\/runs" is not a model name\. Expected .*--name/],
      [['zoo', 'rm', 'distilgpt2', 'nope'], 4, /no model "nope"/],
      [['data', 'rm', 'cifar10'], 4, /no files of cifar10 on this machine/],
      [['data', 'rm', 'mnist'], 4, /mnist is part of Permafrost and cannot be removed/],
      [['data', 'sample', '--set', 'task=bit-xor', '--count', 'x'], 2, /--count expects a whole number from 1 to 64/],
      [['show', '../runs'], 2, /"\.\.\/runs" is not a run id/],
    ];
    const own = join(root, 'home/models/distilgpt2/model.safetensors');
    mkdirSync(dirname(own), { recursive: true });
    writeFileSync(own, 'x');
    await Promise.all(
      rows.map(async ([words, code, message]) => {
        const said = await permafrost(...words);
        expect(said.stderr).toMatch(message);
        expect(said.code, words.join(' ')).toBe(code);
      }),
    );
    expect(existsSync(own)).toBe(true); // a wrong name among several is reported before any is removed
  },
  patience,
);
