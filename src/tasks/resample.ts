/**
 * Resamples sound from 16 kHz to 8 kHz like torchaudio.transforms.Resample with its defaults: windowed sinc, Hann window,
 * lowpass_filter_width 6, rolloff 0.99.
 */
const zeroCrossings = 6;
const rolloff = 0.99;
const step = 2; // input samples per output sample
const reach = 13; // ⌈zeroCrossings · step / rolloff⌉, in input samples to either side

/** The filter's 28 taps, at −reach … reach + step − 1. */
export const resampleKernel = Float64Array.from({ length: 2 * reach + step }, (_, i) => {
  const t = Math.max(-zeroCrossings, Math.min(zeroCrossings, ((i - reach) / step) * rolloff));
  const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
  return (sinc * Math.cos((Math.PI * t) / (2 * zeroCrossings)) ** 2 * rolloff) / step;
});

/** Resamples the n samples of `input`, times `scale`, and fills `out` with the result. Before and after `input` the sound is silent. */
export function resampleHalf(input: ArrayLike<number>, out: Float32Array, scale = 1): void {
  const n = input.length;
  const taps = resampleKernel;
  for (let k = 0; k < out.length; k++) {
    const start = step * k - reach;
    const [from, to] = [Math.max(0, -start), Math.min(taps.length, n - start)];
    let sum = 0;
    for (let i = from; i < to; i++) sum += taps[i] * input[start + i];
    out[k] = sum * scale;
  }
}
