/** CIFAR-10: a 32 × 32 photograph as a sequence of square patches, in colour or grey (arXiv 2103.05247, section 2.1). */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { drawAugmentation, pixelMap } from './augment.ts';
import { divides, required } from './fields.ts';
import { majorityFloor } from './floors.ts';
import { patchOrder, patchShape } from './images.ts';
import { crossEntropy } from './losses.ts';
import { drawSamples } from './samples.ts';
import { classAccuracy } from './scores.ts';
import type { Dataset, SampleValues, Task } from './task.ts';

const side = 32;
const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const classes = names.length;

/** Pixel values in colour or in grey. */
interface Colours {
  channels: number;
  published: string;
  /** Values of a black pixel, for places that crop and rotation leave empty. */
  black: Float32Array;
  /** Writes the normalised channels of one pixel. `image` is bytes, channels last. */
  write(image: SampleValues, pixel: number, x: Float32Array, at: number): void;
}

const float = Math.fround; // ToTensor and Normalize compute in float32
const normalised = (value: number, mean: number, deviation: number): number =>
  float(float(value - float(mean)) / float(deviation));
const [means, deviations] = [
  [0.4914, 0.4822, 0.4465],
  [0.2023, 0.1994, 0.201],
];
const byteTable = means.map((mean, channel) =>
  Float32Array.from({ length: 256 }, (_, byte) => normalised(float(byte / 255), mean, deviations[channel])),
);

const colour: Colours = {
  channels: 3,
  published: '4',
  black: Float32Array.from(byteTable, (table) => table[0]),
  write(image, pixel, x, at) {
    x[at] = byteTable[0][image[3 * pixel]];
    x[at + 1] = byteTable[1][image[3 * pixel + 1]];
    x[at + 2] = byteTable[2][image[3 * pixel + 2]];
  },
};

/** torchvision's Grayscale on floats, then Normalize(0.5, 0.5). */
const grey: Colours = {
  channels: 1,
  published: '1 (1,024 tokens) or 4',
  black: Float32Array.of(normalised(0, 0.5, 0.5)),
  write(image, pixel, x, at) {
    const [r, g, b] = [image[3 * pixel], image[3 * pixel + 1], image[3 * pixel + 2]];
    x[at] = normalised((0.2989 * r + 0.587 * g + 0.114 * b) / 255, 0.5, 0.5);
  },
};

function cifarTask(name: string, title: string, settings: Task['settings'], colours: Colours): Task {
  const { channels, black } = colours;
  const patchOf = (config: ExperimentConfig): number => {
    const patch = required(config, 'patch_size', colours.published);
    divides('patch_size', patch, side, 'the image side');
    return patch;
  };
  return {
    name,
    title,
    fields: ['patch_size'],
    settings,
    kind: 'image',
    classes: names,
    metric: 'accuracy',
    dataset: 'cifar10',
    readsWholeBatches: true,

    shape(config) {
      const { tokens, width } = patchShape(side, side, channels, patchOf(config));
      return { tokens, width, embedding: false, inputDim: width, outputDim: classes, target: [], targetType: 'int32' };
    },
    loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),
    scores: () => classAccuracy(classes),
    floor: (_, counts) => majorityFloor(counts),

    /** Training images are augmented anew each time; test images are only normalised. */
    batches(config, dataset, options) {
      const order = patchOrder(side, side, 1, patchOf(config)); // of pixels; a pixel's channels stay together
      const whole = Int32Array.from({ length: side * side }, (_, pixel) => pixel);
      const augmented = new Int32Array(side * side);
      const draw = drawSamples(dataset as Dataset, options);
      return {
        batch(split, index) {
          const { set, chosen } = draw(split, index);
          const random = randomStream(options.seed, split, 'augment', index);
          const x = new Float32Array(chosen.length * order.length * channels);
          let at = 0;
          for (const number of chosen) {
            const image = set.sample(number);
            const map = split === 'train' ? augmented : whole;
            if (split === 'train') pixelMap(side, drawAugmentation(random), augmented);
            for (let k = 0; k < order.length; k++, at += channels) {
              const pixel = map[order[k]];
              if (pixel < 0) x.set(black, at);
              else colours.write(image, pixel, x, at);
            }
          }
          return { x, y: Int32Array.from(chosen, (number) => set.labels[number]) };
        },
      };
    },

    deviations: () => [],
  };
}

export const cifar10 = cifarTask('cifar10', 'CIFAR-10', [{ patch_size: 4 }], colour);
export const cifar10Gray = cifarTask(
  'cifar10-gray',
  'CIFAR-10, grey',
  [{ patch_size: 1 }, { patch_size: 4 }], // the first is the CIFAR-10 of the Long Range Arena
  grey,
);
