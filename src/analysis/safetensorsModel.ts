/** Writes the parameters of a network as safetensors, under the names of its checkpoint. */
import { PermafrostError } from '#contract/errors';
import { withFile } from '#disk/source';
import type { TensorData } from '#engine/program';
import { readSafetensors, safetensorsHeader } from '#formats/safetensors';
import type { ModelContent, WrittenModel } from './modelFile.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: TensorData) => Buffer.from(buffer, byteOffset, byteLength);

/** Writes every parameter. Throws `disk`. */
export function writeSafetensorsModel({ path, parameters, metadata, save }: ModelContent): WrittenModel {
  const specs = Object.entries(parameters).map(([name, { shape }]) => [name, { shape, dtype: 'F32' }] as const);
  // other readers expect `format` to name a library; names and layouts are torch's
  save(path, chunks({ format: 'pt', ...metadata }));
  return {};

  function* chunks(all: Record<string, string>) {
    yield safetensorsHeader(Object.fromEntries(specs), all).header;
    for (const { read } of Object.values(parameters)) yield bytesOf(read());
  }
}

/** Reads every parameter back and compares it bit by bit. Throws `disk` with the name of one that differs. */
export function checkBits({ path, parameters }: ModelContent): void {
  withFile(path, (source) => {
    const { tensors } = readSafetensors(source);
    for (const [name, { shape, read }] of Object.entries(parameters)) {
      const { offset, length, shape: found } = tensors.get(name)!;
      if (String(found) !== String(shape) || !bytesOf(read()).equals(source.read(offset, length)))
        throw new PermafrostError(
          'disk',
          `${name} in ${path} differs from the value that was written. Check the disk.`,
        );
    }
  });
}
