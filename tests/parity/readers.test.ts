/** The reference's batches through our data files, caches, tasks and padding give the reference's logits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Spec } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { patchOrder } from '#tasks/images';
import { taskOf } from '#tasks/index';
import { listopsSymbols } from '#tasks/listops';
import type { Dataset } from '#tasks/task';
import { rowRange } from '#zoo/dataset';
import { openDecoded, type SampleLayout, writeDecoded } from '#zoo/decoded';
import { loadDataset } from '#zoo/loadDataset';
import { difference, tracedCpu } from '../engine/devices.ts';
import { cifarFile } from '../formats/samples.ts';
import { tarGzOf, writeFiles } from '../zoo/archives.ts';
import { experimentOf, frozenOf } from './experiment.ts';
import { type Golden, loadGolden } from './golden.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-readers-'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** The samples as a decoded data set on the disk, label i for sample i. */
async function decodedOf(
  name: string,
  layout: SampleLayout,
  samples: (Float32Array | Int32Array | Uint8Array)[],
): Promise<Dataset> {
  const folder = join(home, 'cache', name);
  const rows = rowRange(0, samples.length);
  await writeDecoded(folder, 'golden', layout, async (writer) => {
    samples.forEach((values, label) => {
      writer.add(values, label);
    });
    return { train: rows, test: rows };
  });
  return openDecoded(folder, 'golden')!.dataset;
}

const rowsOf = <T extends { subarray(from: number, to: number): T; length: number }>(data: T, count: number): T[] =>
  Array.from({ length: count }, (_, i) => data.subarray((i * data.length) / count, ((i + 1) * data.length) / count));

/** How each case's x is turned back into the format of its data set. */
const cases: Record<string, { settings: object; dataset(x: Golden['tensor']): Promise<Dataset> }> = {
  'b03-cifar10': {
    settings: {},
    /** Undoes normalisation and patches, and writes the official archive's format. */
    async dataset(tensor) {
      const { cifar_mean: mean, cifar_std: deviation } = loadGolden('g1-patches').info;
      const order = patchOrder(32, 32, 3, 8);
      const { shape, data } = tensor('x');
      const images = rowsOf(data as Float32Array, shape[0]).flatMap((x) => {
        const bytes = new Uint8Array(3072);
        order.forEach((at, i) => {
          bytes[at] = Math.round((x[i] * deviation[at % 3] + mean[at % 3]) * 255);
        });
        return [...bytes];
      });
      const labels = Array.from({ length: shape[0] }, (_, i) => i);
      const batch = cifarFile(images, labels);
      const files = ['test_batch', ...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}`)].map((name) => [
        `cifar-10-batches-bin/${name}.bin`,
        batch,
      ]);
      writeFiles(join(home, 'data/cifar10'), { 'cifar-10-binary.tar.gz': await tarGzOf(Object.fromEntries(files)) });
      return (await loadDataset('cifar10', { home })).dataset;
    },
  },
  'b10-cyp3a4': {
    settings: { n: 64 },
    async dataset(tensor) {
      const { shape, data } = tensor('x');
      return decodedOf('cyp3a4', { type: 'i32', width: null }, rowsOf(data as Int32Array, shape[0]));
    },
  },
  'b11-listops': {
    settings: { n: 40 },
    /** Closing brackets are scattered in; this reading drops them. */
    async dataset(tensor) {
      const { shape, data } = tensor('x');
      const close = listopsSymbols.indexOf(']');
      const samples = rowsOf(data as Int32Array, shape[0]).map((ids) =>
        Uint8Array.from([...ids].flatMap((id, i) => (i % 5 === 0 ? [id, close] : [id]))),
      );
      return decodedOf('listops', { type: 'u8', width: null }, samples);
    },
  },
};

it.each(Object.keys(cases))('%s', async (name) => {
  const golden = loadGolden(name);
  const { model } = experimentOf(golden, 'reference');
  const { task: taskName, patch_size = null, batch_size } = golden.info.experiment_params;
  const config = parseConfig({ task: taskName, patch_size, variant: 'reference', ...cases[name].settings });
  const task = taskOf(config);
  const shape = task.shape(config);
  const dataset = await cases[name].dataset(golden.tensor);
  const sizes = { train: batch_size, test: batch_size, final: batch_size };
  const { x, y, at, tokens = shape.tokens } = task.batches(config, dataset, { seed: 1, sizes }).batch('test', 0);
  const inputs: Record<string, Spec> = {
    x: shape.embedding ? { shape: [batch_size, tokens], dtype: 'int32' } : { shape: [batch_size, tokens, shape.width] },
    ...(at ? { at: { shape: [batch_size], dtype: 'int32' } } : {}),
  };
  const step = await compileStep(
    ({ inputs, frozen }) => ({ outputs: { logits: model.forward(frozen, inputs.x, null, undefined, inputs) } }),
    { state: createState({}), inputs, frozen: frozenOf(golden, Object.keys(model.parameters)), device: tracedCpu },
  );
  const { logits } = await step.run(at ? { x, at } : { x });
  await step.release();
  const expected = rowsOf(golden.tensor('logits').data as Float32Array, batch_size);
  // labels say which sample is where
  const inOrder = Float32Array.from(Array.from(y).flatMap((sample) => [...expected[sample]]));
  expect(difference(logits, inOrder)).toBeLessThan(1e-4);
});
