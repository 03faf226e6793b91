/** The proof that frozen weights stay untouched, of runs in real trainer processes. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changedTensors, frozenValues } from '#contract/frozen';
import { readSafetensors } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { readProof } from '#runFolder/proof';
import { endOf, entriesOf, finishRun, isKind, type Lab, openLab, startTrainer } from './lab.ts';

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.remove());

const bodyFile = () => {
  const folder = join(lab.home, 'cache', 'bodies');
  return join(folder, readdirSync(folder)[0]);
};
const frozenName = 'transformer.h.0.mlp.c_fc.weight';

it('every frozen tensor has the hash of its bytes in the file, before and after training', async () => {
  const run = lab.addRun('untouched');
  expect(await finishRun(run)).toMatchObject({ code: 0 });
  const proof = readProof(run.files.frozen)!;
  const bytes = readFileSync(bodyFile());
  const { tensors } = readSafetensors(bytesSource(bytes));
  for (const { name, before, after } of proof.tensors) {
    const { offset, length } = tensors.get(name)!;
    const expected = createHash('sha256')
      .update(bytes.subarray(offset, offset + length))
      .digest('hex');
    expect([before, after], name).toEqual([expected, expected]);
  }
  const started = entriesOf(run).find(isKind('started'))!.body as { trainable: number; total: number };
  const unused = 50257 * 16; // wte, which nothing computes with
  expect(frozenValues(proof)).toBe(started.total - started.trainable - unused);
  expect(proof.checked!.step).toBe(40);
  expect(changedTensors(proof)).toEqual([]);
});

it('a frozen tensor that changes during the run is detected, and the run fails', async () => {
  const run = lab.addRun('touched', { num_iters: 1000 });
  const first = startTrainer(run);
  await first.entry(isKind('checkpoint'));
  const bytes = readFileSync(bodyFile());
  const { offset } = readSafetensors(bytesSource(bytes)).tensors.get(frozenName)!;
  const file = openSync(bodyFile(), 'r+'); // in place: the trainer has it mapped
  writeSync(file, Uint8Array.of(bytes[offset] ^ 1), 0, 1, offset); // the last bit of one value
  closeSync(file);
  first.child.send({ kind: 'pause' });
  expect(await first.exit).toMatchObject({ code: 0 });
  expect(changedTensors(readProof(run.files.frozen)!).map(({ name }) => name)).toEqual([frozenName]);
  expect(entriesOf(run).some(({ body }) => body.kind === 'log' && body.text.includes(frozenName))).toBe(true);
  expect(await finishRun(run)).toMatchObject({ code: 1 });
  expect(endOf(run).reason).toMatchObject({
    code: 'weights',
    message: expect.stringMatching(/c_fc\.weight changed during the run, before step \d+.*Start a new run/),
  });
});

it('a run that freezes nothing has nothing to prove', async () => {
  const run = lab.addRun('unfrozen', { freeze_trans: false, num_iters: 1 });
  expect(await finishRun(run)).toMatchObject({ code: 0 });
  expect(readProof(run.files.frozen)).toBeNull();
});

it('a run on the statistics of the embedded body freezes other weights, and trains the same number', async () => {
  const nano = { pretrained: true, model_name: 'permafrost-nano', num_iters: 1, n_positions: null };
  const settings = { ...nano, n_layer: 2, n_embd: null, n_head: null, freeze_attn: false, trained_attn_blocks: 1 };
  const runs = [false, true].map((statistics_only) =>
    lab.addRun(`statistics-${statistics_only}`, { ...settings, statistics_only }),
  );
  for (const run of runs) expect(await finishRun(run)).toMatchObject({ code: 0 });
  const [original, drawn] = runs.map((run) => readProof(run.files.frozen)!.tensors);
  const names = original.map(({ name }) => name);
  expect(drawn.map(({ name }) => name)).toEqual(names);
  expect(names).toContain('transformer.h.0.attn.c_attn.weight');
  expect(names).not.toContain('transformer.h.1.attn.c_attn.weight'); // the last of two blocks, whose attention is trained
  for (const [i, { name, before, after }] of drawn.entries()) {
    expect(after, name).toBe(before);
    expect(before, name).not.toBe(original[i].before);
  }
  const [started, log] = (['started', 'log'] as const).map((kind) => entriesOf(runs[1]).find(isKind(kind))!.body);
  expect(log).toMatchObject({ text: expect.stringMatching(/statistics of permafrost-nano/) });
  const attention = 4 * 128 * 128 + 4 * 128;
  const norms = (2 * 4 + 2) * 128;
  const around = 4 * 128 + 128 + 128 * 4 + 4; // 4 bits a token in, 4 logits out
  expect(started).toMatchObject({ trainable: attention + norms + around });
  expect(started).toMatchObject({
    deviations: expect.arrayContaining([
      { field: 'model_name', text: 'The body is the first 2 blocks of permafrost-nano.' },
    ]),
  });
});
