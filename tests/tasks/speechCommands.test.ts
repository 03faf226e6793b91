import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { taskOf } from '#tasks/index';
import { resampleHalf, resampleKernel } from '#tasks/resample';
import { denseSamples } from '#tasks/samples';
import { clipLength, speechWords } from '#tasks/speechCommands';
import { difference } from '../engine/devices.ts';
import { loadGolden } from '../parity/golden.ts';

const golden = loadGolden('g3-resample');

it('sound is resampled as torchaudio resamples it', () => {
  expect(difference(resampleKernel, golden.tensor('kernel').data)).toBeLessThan(3e-8);
  const [x, y, exact] = ['x', 'y', 'y_formula_fp64'].map((name) => golden.tensor(name).data);
  for (const clip of [0, 1]) {
    const found = new Float32Array(clipLength);
    resampleHalf(x.subarray(clip * 16000, (clip + 1) * 16000), found);
    expect(difference(found, exact.subarray(clip * clipLength, (clip + 1) * clipLength))).toBeLessThan(1e-7);
    expect(difference(found, y.subarray(clip * clipLength, (clip + 1) * clipLength))).toBeLessThan(5e-7);
  }
});

it('a clip that is short sounds as if it were padded with silence', () => {
  const short = Float32Array.from({ length: 9001 }, (_, i) => Math.sin(i / 7));
  const padded = new Float32Array(16000);
  padded.set(short);
  const [a, b] = [new Float32Array(clipLength), new Float32Array(clipLength)];
  resampleHalf(short, a);
  resampleHalf(padded, b);
  expect(a).toEqual(b);
});

it('clips become 100 tokens of 80 samples', () => {
  const config = parseConfig({ task: 'speech-commands', patch_size: 80 });
  const task = taskOf(config);
  const set = denseSamples(golden.tensor('y').data as Float32Array, clipLength, [3, 3]);
  const sizes = { train: 2, test: 2, final: 2 };
  const { x, y } = task.batches(config, { train: set, test: set }, { seed: 1, sizes }).batch('final', 0);
  expect(task.shape(config)).toMatchObject({ tokens: 100, width: 80, inputDim: 80, outputDim: 35 });
  const tokens = golden.tensor('tokens_p80').data;
  const swapped = x[0] !== tokens[0];
  expect(x.subarray(swapped ? clipLength : 0, swapped ? 2 * clipLength : clipLength)).toEqual(tokens.subarray(0, 8000));
  expect([...y]).toEqual([3, 3]);
});

it('there are 35 words, in alphabetical order as in the reference', () => {
  expect(speechWords).toHaveLength(35);
  expect([...speechWords].sort()).toEqual(speechWords);
});

it('a patch of the whole clip is named as what it is', () => {
  const config = parseConfig({ task: 'speech-commands', patch_size: 8000 });
  expect(taskOf(config).shape(config).tokens).toBe(1);
  expect(taskOf(config).deviations(config)[0].text).toMatch(/A clip is one token/);
});
