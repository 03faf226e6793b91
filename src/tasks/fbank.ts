/**
 * Kaldi's log-mel filter banks (compute-fbank-feats with htk_compat, no dither, no energy), which the Audio Spectrogram
 * Transformer reads through torchaudio.compliance.kaldi. They are computed in four steps:
 * 1. frames of 25 ms every 10 ms, which lie entirely within the sound, minus their mean, pre-emphasised by 0.97, times a Hann window;
 * 2. a power spectrum of 512 points;
 * 3. triangular filters, evenly spaced in mel from 20 Hz to half the sample rate;
 * 4. the logarithm of each filter's energy.
 */
import { powerSpectrum } from './powerSpectrum.ts';

export const melBins = 128;
const rate = 16000;
const frameLength = 400;
const frameShift = 160;
const points = 512;
const emphasis = 0.97;
const lowest = 20; // Hz
const floor = 2 ** -23; // float32's ε: silence is ln ε

/** Number of frames in a sound of `samples` samples at 16 kHz. */
export const frameCount = (samples: number): number =>
  samples < frameLength ? 0 : 1 + Math.floor((samples - frameLength) / frameShift);

const hann = Float64Array.from(
  { length: frameLength },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (frameLength - 1)),
);
const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

/** A filter's weights. `first` is the FFT bin of the first weight. */
interface Filter {
  first: number;
  weights: number[];
}

/** Triangular filters: filter k rises from edge k to edge k + 1 and falls to edge k + 2. None includes the bin at half the sample rate. */
function makeFilters(): readonly Filter[] {
  const [low, high] = [mel(lowest), mel(rate / 2)];
  const width = (high - low) / (melBins + 1);
  return Array.from({ length: melBins }, (_, k) => {
    const weights = Array.from({ length: points / 2 }, (_, bin) => {
      const place = (mel((bin * rate) / points) - low) / width - k; // 0 … 1 … 2 across the triangle
      return Math.max(0, Math.min(place, 2 - place));
    });
    const first = weights.findIndex((w) => w > 0);
    const last = weights.findLastIndex((w) => w > 0);
    return { first: Math.max(first, 0), weights: weights.slice(Math.max(first, 0), last + 1) };
  });
}

/** Made at the first call, because that takes 30 ms and few programs need filters. */
let filters: readonly Filter[] | undefined;
const powerOf = powerSpectrum(points);

/** Multiplies n samples at 16 kHz by `scale` and writes their frameCount(n) × 128 log-mel energies to `out`. Returns the number of frames. */
export function fbank(samples: ArrayLike<number>, out: Float32Array, scale = 1): number {
  filters ??= makeFilters();
  const frames = frameCount(samples.length);
  const windowed = new Float64Array(points); // zeros beyond the frame
  for (let frame = 0; frame < frames; frame++) {
    window(samples, frame * frameShift, scale, windowed);
    const power = powerOf(windowed);
    for (const [k, { first, weights }] of filters.entries()) {
      let energy = 0;
      for (let i = 0; i < weights.length; i++) energy += weights[i] * power[first + i];
      out[frame * melBins + k] = Math.log(Math.max(energy, floor));
    }
  }
  return frames;
}

/** Writes one frame to `out`: minus its mean, pre-emphasised, times the window. */
function window(samples: ArrayLike<number>, start: number, scale: number, out: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < frameLength; i++) sum += samples[start + i];
  const mean = sum / frameLength;
  for (let i = 0; i < frameLength; i++) {
    const before = samples[start + Math.max(i - 1, 0)] - mean; // the first sample counts as its own predecessor
    out[i] = scale * hann[i] * (samples[start + i] - mean - emphasis * before);
  }
}
