/** Small files in the exact formats of the data sets, made by the writers below. */

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A WAV file of one channel of 16-bit sound, with an odd chunk before the sound as some writers put one there. */
export function wavFile(samples: Int16Array, { rate = 16000, channels = 1, bits = 16, format = 1 } = {}): Uint8Array {
  const note = ascii('note\0\0\0\0hey');
  new DataView(note.buffer).setUint32(4, 3, true);
  const size = 12 + 24 + 12 + 8 + 2 * samples.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(ascii('RIFF'), 0);
  view.setUint32(4, size - 8, true);
  bytes.set(ascii('WAVEfmt '), 8);
  view.setUint32(16, 16, true);
  view.setUint16(20, format, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, (rate * channels * bits) / 8, true);
  view.setUint16(32, (channels * bits) / 8, true);
  view.setUint16(34, bits, true);
  bytes.set(note, 36);
  bytes.set(ascii('data'), 48);
  view.setUint32(52, 2 * samples.length, true);
  samples.forEach((sample, i) => {
    view.setInt16(56 + 2 * i, sample, true);
  });
  return bytes;
}

/** CIFAR-10 records of images [count, 32, 32, 3], channels last. */
export function cifarFile(images: ArrayLike<number>, labels: ArrayLike<number>): Uint8Array {
  const [pixels, record] = [1024, 3073];
  const bytes = new Uint8Array(labels.length * record);
  for (let i = 0; i < labels.length; i++) {
    bytes[i * record] = labels[i];
    for (let k = 0; k < 3 * pixels; k++)
      bytes[i * record + 1 + (k % 3) * pixels + Math.floor(k / 3)] = images[i * 3 * pixels + k];
  }
  return bytes;
}
