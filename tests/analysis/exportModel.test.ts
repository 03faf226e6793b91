/** Trained networks as files: other runtimes read them, and they compute what the run computes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '#analysis/exportModel';
import { openRunNetwork } from '#analysis/runNetwork';
import type { ModelExport } from '#contract/analysis';
import { inferenceModel } from '#engine/inference';
import { literal } from '#engine/nn';
import type { Program } from '#engine/program';
import { readSafetensors, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { tracedCpu } from '../engine/devices.ts';
import { finishRun, type Lab, openLab, type Run } from '../trainer/lab.ts';

let lab: Lab;
let run: Run;
beforeAll(async () => {
  lab = openLab();
  run = lab.addRun('bits', { patch_size: 2, num_iters: 2 });
  expect(await finishRun(run)).toMatchObject({ code: 0 });
});
afterAll(() => lab.remove());

const file = (name: string) => join(lab.home, name);
function written(name: string, { folder } = run, externalData = false, checkpoint: 'best' | 'start' = 'best') {
  const network = openRunNetwork({ folder, home: lab.home, checkpoint });
  const device = { ...tracedCpu, weightFolder: network.weights.folder };
  return exportModel(network, { folder, home: lab.home, device, path: file(name), externalData });
}
const bytesOf = (data: ArrayBufferView) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

describe('an ONNX model of a run', () => {
  let made: ModelExport;
  beforeAll(async () => {
    made = await written('bits.onnx');
  });

  it('has the logits of the run’s own evaluation, for any number of samples, with standard operators only', async () => {
    expect(made).toMatchObject({ format: 'onnx', batch: null, parity: { samples: 9 } });
    expect(made.parity!.difference).toBeLessThan(1e-5);
    expect(made.leftOut).toEqual(['transformer.wte.weight']);
    expect(readFileSync(file('bits.onnx')).includes('com.microsoft')).toBe(false);
    const session = await tracedCpu.runtime.InferenceSession.create(file('bits.onnx'));
    expect([session.inputNames, session.outputNames]).toEqual([['x'], ['logits']]);
    const x = new tracedCpu.runtime.Tensor('float32', new Float32Array(5 * 8), [5, 2, 4]);
    const { logits } = await session.run({ x });
    expect(logits.dims).toEqual([5, 1, 4]);
    await session.release();
  });

  it('carries the run in its metadata', () => {
    const text = readFileSync(file('bits.onnx')).toString('latin1');
    expect(text).toMatch(/permafrost\.run.{1,4}bits/s);
    expect(text).toContain('"n_embd":16');
    expect(text).toMatch(/"metric":"accuracy","value":/);
  });

  it('keeps its weights in a file beside it on request', async () => {
    const { files, parity } = await written('apart.onnx', run, true);
    expect(files.map(({ path }) => path)).toEqual([file('apart.onnx'), file('apart.onnx.data')]);
    expect(files[1].bytes).toBe(4 * made.parameters);
    expect(parity).toEqual(made.parity);
  });
});

it.each([
  ['a ViT', { model_name: 'ViT-B_16' }],
  ['an LSTM', { model_name: 'lstm', freeze_trans: false }],
])('%s becomes an ONNX model for any number of samples too', async (_, settings) => {
  const other = lab.addRun(settings.model_name, settings);
  expect(await written(`${settings.model_name}.onnx`, other, false, 'start')).toMatchObject({
    batch: null,
    parity: { difference: expect.any(Number) },
  });
});

it('a network that depends on the number of samples is written for a fixed number', () => {
  const numbered: Program = ({ inputs }) => {
    const count = inputs.x.shape[0];
    return {
      outputs: {
        y: tf.add(
          inputs.x,
          literal(
            Float32Array.from({ length: count }, (_, i) => i),
            [count, 1],
          ),
        ),
      },
    };
  };
  const inputs = (batch: number) => ({ x: { shape: [batch, 3] } });
  expect(inferenceModel(numbered, { inputs, frozen: {}, batch: 4, mapsFiles: false }).batch).toBe(4);
  const plain: Program = ({ inputs }) => ({ outputs: { y: tf.tile(tf.reshape(inputs.x, [-1]), [2]) } });
  expect(inferenceModel(plain, { inputs, frozen: {}, batch: 4, mapsFiles: false }).batch).toBeNull();
});

it('safetensors contain every parameter bit by bit: trained ones from the checkpoint, frozen ones from the body’s file', async () => {
  const made = await written('bits.safetensors');
  const source = bytesSource(readFileSync(file('bits.safetensors')));
  const { tensors, metadata } = readSafetensors(source);
  expect(tensors.size).toBe(made.tensors);
  expect(metadata).toMatchObject({ format: 'pt', 'permafrost.task': 'bit-xor', 'permafrost.run': 'bits' });
  const best = bytesSource(readFileSync(run.files.best));
  const trained = readSafetensors(best).tensors;
  expect(trained.size).toBeGreaterThan(5);
  for (const [name, tensor] of trained)
    expect(bytesOf(tensorData(source, tensors.get(name)!)), name).toBe(bytesOf(tensorData(best, tensor)));
  const { weights } = openRunNetwork({ folder: run.folder, home: lab.home, checkpoint: 'start' });
  for (const [name, { read }] of Object.entries(weights.frozen))
    expect(bytesOf(tensorData(source, tensors.get(name)!)), name).toBe(bytesOf(read()));
});

describe('nothing is written', () => {
  it('with another ending', async () => {
    await expect(written('bits.pt')).rejects.toMatchObject({ message: expect.stringMatching(/end with \.onnx or/) });
  });

  it('if frozen weights have changed since the run', async () => {
    const proof = readFileSync(run.files.frozen, 'utf8');
    writeFileSync(run.files.frozen, proof.replaceAll(/"before":"../g, '"before":"00'));
    await expect(written('other.safetensors')).rejects.toMatchObject({ code: 'weights' });
    writeFileSync(run.files.frozen, proof);
    expect(existsSync(file('other.safetensors'))).toBe(false);
  });

  it('no .data file remains if the model beside it cannot be written', async () => {
    mkdirSync(file('taken.onnx'));
    await expect(written('taken.onnx', run, true)).rejects.toMatchObject({ code: 'disk' });
    expect(existsSync(file('taken.onnx.data'))).toBe(false);
    expect(existsSync(file('taken.onnx'))).toBe(true);
  });

  it('if the model computes something different from the run', async () => {
    const network = openRunNetwork({ folder: run.folder, home: lab.home, checkpoint: 'best' });
    const { forward } = network.model;
    let calls = 0;
    network.model.forward = (...args) => (++calls > 2 ? tf.add(forward(...args), 1) : forward(...args)); // after both traces
    const device = { ...tracedCpu, weightFolder: network.weights.folder };
    const input = { folder: run.folder, home: lab.home, device, path: file('wrong.onnx'), externalData: true };
    await expect(exportModel(network, input)).rejects.toMatchObject({
      code: 'trace',
      message: expect.stringMatching(/differ from the run's own evaluation by 1/),
    });
    expect([file('wrong.onnx'), file('wrong.onnx.data')].map((path) => existsSync(path))).toEqual([false, false]);
  });
});
