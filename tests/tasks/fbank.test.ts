/** Log-mel filter banks against Kaldi's formulas in numpy: fixtures/torch/fbank.py says how its numbers were made. */
import { expect, it } from 'vitest';
import { fbank, frameCount, melBins } from '#tasks/fbank';
import { difference } from '../engine/devices.ts';
import reference from '../fixtures/torch/fbank.json' with { type: 'json' };

it('a second of sound has the log-mel energies of Kaldi’s formulas', () => {
  const sound = Int16Array.from({ length: 16000 }, (_, i) =>
    i < 2000 || i >= 9000
      ? 0
      : Math.round(9000 * Math.sin((2 * Math.PI * (200 + 0.11 * i) * i) / 16000) + 3000 * Math.sin(12.9898 * i * i)),
  );
  const found = new Float32Array(98 * melBins);
  expect(fbank(sound, found, 1 / 32768)).toBe(reference.frames);
  const picked = found.filter((_, i) => i % reference.stride === 0);
  expect(difference(picked, reference.values)).toBeLessThan(1e-5);
});

it('only frames that lie entirely within the sound count', () => {
  expect([399, 400, 559, 560, 16000].map(frameCount)).toEqual([0, 1, 1, 2, 98]);
});
