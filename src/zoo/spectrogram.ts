/** Spectrograms for display: how loud each frequency of a sound is at each time. */
import type { DataSamples } from '#contract/data';
import { powerSpectrum } from '#tasks/powerSpectrum';

export type Spectrogram = NonNullable<DataSamples['samples'][number]['spectrogram']>;

/** Number of sound samples in a spectrum, and between the starts of two spectra. At 8 kHz a column is 10 ms and a row 62.5 Hz. */
const [size, hop] = [256, 80];
const perRow = 2;
const spectrumOf = powerSpectrum(size);
/** Range of the grey levels below the loudest value. Softer values are black. */
const decibels = 60;

export function spectrogramOf(x: ArrayLike<number>): Spectrogram {
  const columns = Math.max(1, Math.ceil(x.length / hop));
  const rows = size / 2 / perRow;
  const power = new Float64Array(columns * rows);
  for (let column = 0; column < columns; column++) {
    const spectrum = powerOf(x, column * hop - (size - hop) / 2);
    for (let bin = 0; bin < size / 2; bin++) {
      const row = rows - 1 - Math.floor(bin / perRow);
      power[row * columns + column] += spectrum[bin];
    }
  }
  const loudest = power.reduce((most, value) => Math.max(most, value), 0) || 1;
  const level = (value: number) => Math.round(255 * Math.max(0, 1 + (10 * Math.log10(value / loudest)) / decibels));
  return { columns, rows, levels: Array.from(power, level) };
}

/** Power of the frequencies below half the sample rate in a Hann window that begins at `start`. Before and after the sound there is silence. */
function powerOf(x: ArrayLike<number>, start: number): Float64Array {
  const hann = (i: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
  return spectrumOf(Float64Array.from({ length: size }, (_, i) => (x[start + i] ?? 0) * hann(i)));
}
