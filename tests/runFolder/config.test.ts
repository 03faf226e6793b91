import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { configDigest } from '#runFolder/config';

it('a config has the same digest as in checkpoints without its newest fields, unless it uses them', () => {
  const old = { task: 'mnist', patch_size: 4 };
  const digest = 'f252810774990741b6158a3463de77e128c3d7129f7181a6e91486ce4fe08294';
  expect(configDigest(parseConfig(old))).toBe(digest);
  expect(configDigest(parseConfig({ ...old, name: 'another', device: 'cpu' }))).toBe(digest);
  for (const used of [
    { statistics_only: true },
    { freeze_attn: false, trained_attn_blocks: 1 },
    { device: 'webgpu', precision: 'mixed' },
    { seed: 1 },
  ])
    expect(configDigest(parseConfig({ ...old, ...used }))).not.toBe(digest);
});
