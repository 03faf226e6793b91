/** Power spectra of real signals, by fast Fourier transform. */

/**
 * Makes a function that computes the power of `points` values at the frequencies below half the sample rate, bins
 * 0 … points/2 − 1. The next call overwrites the result. `points` must be a power of two. Written as plain radix-2 loops for
 * speed, since it runs for every frame.
 */
export function powerSpectrum(points: number): (values: ArrayLike<number>) => Float64Array {
  const angles = Float64Array.from({ length: points / 2 }, (_, i) => (-2 * Math.PI * i) / points);
  const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)];
  const reversed = bitReversal(points);
  const [re, im] = [new Float64Array(points), new Float64Array(points)];
  const power = new Float64Array(points / 2);
  return (values) => {
    for (let i = 0; i < points; i++) re[reversed[i]] = values[i];
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
    for (let bin = 0; bin < points / 2; bin++) power[bin] = re[bin] ** 2 + im[bin] ** 2;
    return power;
  };
}

/** The order of the values at the start of the transform: place i holds the value whose index has the bits of i reversed. */
function bitReversal(points: number): Uint32Array {
  return Uint32Array.from({ length: points }, (_, i) => {
    let place = 0;
    for (let bit = 1; bit < points; bit *= 2) place = 2 * place + (i & bit ? 1 : 0);
    return place;
  });
}
