/**
 * CIFAR-10's training augmentation: RandomCrop(32, padding 4) → RandomHorizontalFlip → RandomRotation(20, nearest) of
 * torchvision. Every pixel of the result is black or a pixel of the source, so one map of pixel indices describes all three
 * steps. Colours are looked up afterwards.
 */
import type { Random } from '#contract/random';

const padding = 4;
const largestAngle = 20; // degrees

interface Augmentation {
  /** Row and column of the crop's corner in the padded image, 0 … 8. */
  top: number;
  left: number;
  flip: boolean;
  /** Degrees, counter-clockwise. */
  angle: number;
}

export const drawAugmentation = (random: Random): Augmentation => ({
  top: random.below(2 * padding + 1),
  left: random.below(2 * padding + 1),
  flip: random.below(2) === 1,
  angle: (2 * random.uniform() - 1) * largestAngle,
});

/** Writes the index of the source pixel for each pixel of the augmented square image; −1 for black. */
export function pixelMap(side: number, { top, left, flip, angle }: Augmentation, map: Int32Array): void {
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const centre = (side - 1) / 2;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [x, y] = [column - centre, row - centre];
      const cropColumn = nearest(cos * x - sin * y + centre);
      const cropRow = nearest(sin * x + cos * y + centre);
      const inside = cropColumn >= 0 && cropColumn < side && cropRow >= 0 && cropRow < side;
      const sourceRow = cropRow + top - padding;
      const sourceColumn = (flip ? side - 1 - cropColumn : cropColumn) + left - padding;
      const shown = inside && sourceRow >= 0 && sourceRow < side && sourceColumn >= 0 && sourceColumn < side;
      map[row * side + column] = shown ? sourceRow * side + sourceColumn : -1;
    }
  }
}

/** Rounds half to even, like torch's grid_sample. */
function nearest(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
