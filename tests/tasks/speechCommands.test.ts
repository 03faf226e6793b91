import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { taskOf } from '#tasks/index';
import { resampleHalf, resampleKernel } from '#tasks/resample';
import { denseSamples } from '#tasks/samples';
import { astWords, clipLength, recordedLength, recordWidth, speechWords } from '#tasks/speechCommands';
import type { SampleSet } from '#tasks/task';
import { difference } from '../engine/devices.ts';
import { loadGolden } from '../parity/golden.ts';

const golden = loadGolden('g3-resample');

it('sound is resampled like torchaudio resamples it', () => {
  expect(difference(resampleKernel, golden.tensor('kernel').data)).toBeLessThan(3e-8);
  const [x, y, exact] = ['x', 'y', 'y_formula_fp64'].map((name) => golden.tensor(name).data);
  for (const clip of [0, 1]) {
    const found = new Float32Array(clipLength);
    resampleHalf(x.subarray(clip * 16000, (clip + 1) * 16000), found);
    expect(difference(found, exact.subarray(clip * clipLength, (clip + 1) * clipLength))).toBeLessThan(1e-7);
    expect(difference(found, y.subarray(clip * clipLength, (clip + 1) * clipLength))).toBeLessThan(5e-7);
  }
});

it('a short clip is resampled as if padded with silence', () => {
  const short = Float32Array.from({ length: 9001 }, (_, i) => Math.sin(i / 7));
  const padded = new Float32Array(16000);
  padded.set(short);
  const [a, b] = [new Float32Array(clipLength), new Float32Array(clipLength)];
  resampleHalf(short, a);
  resampleHalf(padded, b);
  expect(a).toEqual(b);
});

/** Clips as the data set keeps them: the length of each and its 16-bit samples. */
function records(clips: ArrayLike<number>[], labels: number[]): SampleSet {
  const values = new Int16Array(clips.length * recordWidth);
  for (const [i, clip] of clips.entries()) {
    values[i * recordWidth] = clip.length;
    values.set(
      Array.from(clip, (v) => Math.max(-32768, Math.min(32767, Math.round(v * 32768)))),
      i * recordWidth + 1,
    );
  }
  return denseSamples(values, recordWidth, labels);
}
const one = { train: 1, test: 1, final: 1 };
const batchOf = (task: string, set: SampleSet) => {
  const config = parseConfig({ task, patch_size: 80 });
  return taskOf(config).batches(config, { train: set, test: set }, { seed: 1, sizes: one }).batch('final', 0);
};

it('clips become 100 tokens of 80 samples', () => {
  const config = parseConfig({ task: 'speech-commands', patch_size: 80 });
  expect(taskOf(config).shape(config)).toMatchObject({ tokens: 100, width: 80, inputDim: 80, outputDim: 35 });
  const { x, y } = batchOf(
    'speech-commands',
    records([golden.tensor('x').data.subarray(0, recordedLength) as Float32Array], [3]),
  );
  // 16-bit rounding is off by half a step; the filter can sum that to about two
  expect(difference(x as Float32Array, golden.tensor('tokens_p80').data.subarray(0, 8000))).toBeLessThan(6e-5);
  expect([...y]).toEqual([3]);
});

describe('spectrograms', () => {
  const label = speechWords.indexOf('zero');
  const hum = (samples: number) => Float32Array.from({ length: samples }, (_, i) => 0.3 * Math.sin(i / 7));
  it('have their labels in the order of the published checkpoint', () => {
    expect([...astWords].sort()).toEqual(speechWords);
    // ends and middle of its id2label, as AST’s speechcommands_class_labels_indices.csv lists them
    expect([0, 4, 17, 28, 34].map((i) => astWords[i])).toEqual(['backward', 'zero', 'cat', 'yes', 'one']);
    expect([...batchOf('speech-commands-mel', records([hum(16000)], [label])).y]).toEqual([4]);
  });
  it('are 128 × 128, normalised, and silent after the end of the sound', () => {
    const [long, short] = [16000, 8000].map(
      (samples) => batchOf('speech-commands-mel', records([hum(samples)], [label])).x,
    );
    expect(long).toHaveLength(128 * 128);
    const empty = 6.845978 / (2 * 5.5654526); // no energies at all, normalised
    const isEmpty = (x: ArrayLike<number>, frame: number) =>
      Array.from({ length: 128 }, (_, k) => x[frame * 128 + k]).every((v) => Math.abs(v - empty) < 1e-6);
    expect([97, 98, 127].map((frame) => isEmpty(long, frame))).toEqual([false, true, true]);
    expect([47, 48, 127].map((frame) => isEmpty(short, frame))).toEqual([false, true, true]);
    expect(difference(short.subarray(0, 47 * 128) as Float32Array, long.subarray(0, 47 * 128))).toBe(0);
  });
});

it('there are 35 words, in alphabetical order as in the reference', () => {
  expect(speechWords).toHaveLength(35);
  expect([...speechWords].sort()).toEqual(speechWords);
});

it('a patch as long as the whole clip is a deviation', () => {
  const config = parseConfig({ task: 'speech-commands', patch_size: 8000 });
  expect(taskOf(config).shape(config).tokens).toBe(1);
  expect(taskOf(config).deviations(config)[0].text).toMatch(/A clip is one token/);
});
