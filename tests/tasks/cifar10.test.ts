import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { drawAugmentation, pixelMap } from '#tasks/augment';
import { taskOf } from '#tasks/index';
import { denseSamples } from '#tasks/samples';
import type { Dataset, Split } from '#tasks/task';
import { difference } from '../engine/devices.ts';
import { loadGolden } from '../parity/golden.ts';

const side = 32;
const pixels = side * side;
const bytesOf = (data: ArrayLike<number>) => Uint8Array.from(data);

/** The only batch of all images of a set, as tokens. */
function tokensOf(task: string, patch: number, images: Uint8Array, split: Split) {
  const count = images.length / (3 * pixels);
  const set = denseSamples(images, 3 * pixels, new Uint8Array(count));
  const dataset: Dataset = { train: set, test: set };
  const config = parseConfig({ task, patch_size: patch });
  const sizes = { train: 1, test: 1, final: 1 };
  const batches = taskOf(config).batches(config, dataset, { seed: 1, sizes });
  return Array.from({ length: count }, (_, i) => batches.batch(split, i).x);
}

it.each([
  ['cifar10', 'cifar', 4],
  ['cifar10', 'cifar', 8],
  ['cifar10', 'cifar', 16],
  ['cifar10-gray', 'gray', 4],
] as const)('test images of %s become the tokens of the reference (%s, patch %i)', (task, name, patch) => {
  const golden = loadGolden('g1-patches');
  const expected = golden.tensor(`${name}.p${patch}`);
  const found = tokensOf(task, patch, bytesOf(golden.tensor('cifar.uint8_nhwc').data), 'test');
  const size = expected.data.length / 2;
  // the order in which the two images come is drawn
  const straight = difference(found[0], expected.data.subarray(0, size)) < 1;
  for (const [i, at] of (straight ? [0, 1] : [1, 0]).entries())
    expect(difference(found[i], expected.data.subarray(at * size, (at + 1) * size))).toBeLessThan(3e-7);
});

it('one grey pixel per token makes the 1,024 tokens of the Long Range Arena', () => {
  const config = parseConfig({ task: 'cifar10-gray', patch_size: 1 });
  expect(taskOf(config).shape(config)).toMatchObject({ tokens: 1024, width: 1, inputDim: 1 });
});

it('crop, flip and rotation give the same pixels as torchvision', () => {
  const golden = loadGolden('g2-cifar-augment');
  const images = golden.tensor('uint8_nhwc').data;
  const [rotated, out] = [golden.tensor('after_rotation').data, golden.tensor('out').data];
  const { cifar_mean: mean, cifar_std: deviation } = loadGolden('g1-patches').info;
  const map = new Int32Array(pixels);
  for (const [image, { i, j, flip, angle }] of golden.info.params.entries()) {
    pixelMap(side, { top: i, left: j, flip: flip === 1, angle }, map);
    for (let channel = 0; channel < 3; channel++) {
      const expected = rotated.subarray((3 * image + channel) * pixels, (3 * image + channel + 1) * pixels);
      const found = Array.from(map, (at) => (at < 0 ? 0 : images[(image * pixels + at) * 3 + channel] / 255));
      expect(difference(found, expected)).toBeLessThan(1e-7);
      const normal = found.map((value) => (value - mean[channel]) / deviation[channel]);
      const last = out.subarray((3 * image + channel) * pixels, (3 * image + channel + 1) * pixels);
      expect(difference(normal, last)).toBeLessThan(1e-6);
    }
  }
});

it('augmentations are drawn from the ranges of the reference', () => {
  const random = randomStream(1, 'test');
  const drawn = Array.from({ length: 4000 }, () => drawAugmentation(random));
  expect(new Set(drawn.map(({ top }) => top)).size).toBe(9);
  expect(new Set(drawn.map(({ left }) => left)).size).toBe(9);
  expect(drawn.filter(({ flip }) => flip).length / drawn.length).toBeCloseTo(0.5, 1);
  expect(Math.max(...drawn.map(({ angle }) => angle))).toBeGreaterThan(19.9);
  expect(Math.min(...drawn.map(({ angle }) => angle))).toBeLessThan(-19.9);
  expect(drawn.every(({ angle }) => Math.abs(angle) <= 20)).toBe(true);
});

it('only training images are augmented, and empty places after a crop or rotation are black', () => {
  const white = new Uint8Array(8 * 3 * pixels).fill(255);
  const whole = tokensOf('cifar10', 8, white, 'final').flatMap((x) => [...x]);
  expect(new Set(whole.map((value) => value.toFixed(4)))).toEqual(new Set(['2.5141', '2.5968', '2.7537']));
  const augmented = tokensOf('cifar10', 8, white, 'train').flatMap((x) => [...x]);
  const black = ['-2.4291', '-2.4183', '-2.2214'];
  expect(new Set(augmented.map((value) => value.toFixed(4)))).toEqual(
    new Set(['2.5141', '2.5968', '2.7537', ...black]),
  );
});
