/**
 * Log-mel filter banks as Kaldi computes them (compute-fbank-feats with htk_compat, no dither, no energy; through
 * torchaudio.compliance.kaldi the front end of the Audio Spectrogram Transformer): frames of 25 ms every 10 ms that lie whole
 * in the sound, each without its mean, pre-emphasised by 0.97 and under a Hann window; power spectrum of 512 points; triangles
 * that are even in mel from 20 Hz to half the rate; the logarithm of what each collects.
 */
export const melBins = 128;
const rate = 16000;
const frameLength = 400;
const frameShift = 160;
const points = 512;
const emphasis = 0.97;
const lowest = 20; // Hz
const floor = 2 ** -23; // float32's ε: silence is ln ε

/** Frames of so many samples at 16 kHz. */
export const frameCount = (samples: number): number =>
  samples < frameLength ? 0 : 1 + Math.floor((samples - frameLength) / frameShift);

const hann = Float64Array.from(
  { length: frameLength },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (frameLength - 1)),
);
const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

/** Weights of a filter from FFT bin `first` on. */
interface Filter {
  first: number;
  weights: number[];
}

/** Triangles in mel: filter k rises from edge k to edge k + 1 and falls to edge k + 2. The bin of half the rate is in none. */
function makeFilters(): readonly Filter[] {
  const [low, high] = [mel(lowest), mel(rate / 2)];
  const width = (high - low) / (melBins + 1);
  return Array.from({ length: melBins }, (_, k) => {
    const weights = Array.from({ length: points / 2 }, (_, bin) => {
      const place = (mel((bin * rate) / points) - low) / width - k; // 0 … 1 … 2 over the triangle
      return Math.max(0, Math.min(place, 2 - place));
    });
    const first = weights.findIndex((w) => w > 0);
    const last = weights.findLastIndex((w) => w > 0);
    return { first: Math.max(first, 0), weights: weights.slice(Math.max(first, 0), last + 1) };
  });
}

/** Made at the first call: that takes 30 ms, and few programs come to it. */
let filters: readonly Filter[] | undefined;

/** Writes frameCount(n) × 128 log-mel energies of n samples at 16 kHz, times `scale`, to `out`. Returns the frames. */
export function fbank(samples: ArrayLike<number>, out: Float32Array, scale = 1): number {
  filters ??= makeFilters();
  const frames = frameCount(samples.length);
  const [re, im] = [new Float64Array(points), new Float64Array(points)];
  for (let frame = 0; frame < frames; frame++) {
    window(samples, frame * frameShift, scale, re);
    transform(re, im);
    for (let bin = 0; bin < points / 2; bin++) re[bin] = re[bin] ** 2 + im[bin] ** 2;
    for (const [k, { first, weights }] of filters.entries()) {
      let energy = 0;
      for (let i = 0; i < weights.length; i++) energy += weights[i] * re[first + i];
      out[frame * melBins + k] = Math.log(Math.max(energy, floor));
    }
  }
  return frames;
}

/** One frame, without its mean, pre-emphasised, under the window, with zeros up to 512; in `reversed` order. */
function window(samples: ArrayLike<number>, start: number, scale: number, out: Float64Array): void {
  out.fill(0);
  let sum = 0;
  for (let i = 0; i < frameLength; i++) sum += samples[start + i];
  const mean = sum / frameLength;
  for (let i = 0; i < frameLength; i++) {
    const before = samples[start + Math.max(i - 1, 0)] - mean; // the first sample stands before itself
    out[reversed[i]] = scale * hann[i] * (samples[start + i] - mean - emphasis * before);
  }
}

const angles = Float64Array.from({ length: points / 2 }, (_, i) => (-2 * Math.PI * i) / points);
const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)];
/** Where each place's value comes from: its index with the bits reversed. */
const reversed = Uint16Array.from({ length: points }, (_, i) => {
  let result = 0;
  for (let bit = 1; bit < points; bit *= 2) result = 2 * result + (i & bit ? 1 : 0);
  return result;
});

/** Discrete Fourier transform, radix 2, of real values that lie in `reversed` order in re. Plain loops: it runs for every frame. */
function transform(re: Float64Array, im: Float64Array): void {
  im.fill(0);
  for (let half = 1; half < points; half *= 2) {
    const stride = points / (2 * half);
    for (let start = 0; start < points; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const a = start + k;
        const b = a + half;
        const c = cosines[k * stride];
        const s = sines[k * stride];
        const x = re[b] * c - im[b] * s;
        const y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}
