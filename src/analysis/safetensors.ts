/** The parameters of a network as safetensors, under the names of its checkpoint. */
import { PermafrostError } from '#contract/errors';
import { writeAtomically } from '#disk/atomicFile';
import { withFile } from '#disk/source';
import type { TensorData } from '#engine/program';
import { readSafetensors, safetensorsHeader } from '#formats/safetensors';
import { checked, type Exported } from './exportModel.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: TensorData) => Buffer.from(buffer, byteOffset, byteLength);

/** Writes every parameter, then reads each back and compares it bit by bit. */
export async function writeWeights({ path, parameters, metadata }: Exported) {
  const specs = Object.entries(parameters).map(([name, { shape }]) => [name, { shape, dtype: 'F32' }] as const);
  // what else reads such files asks for the library that wrote them; names and layouts are torch's
  writeAtomically(path, chunks({ format: 'pt', ...metadata }));
  await checked([path], () => readBack(path, parameters));
  return { paths: [path], parity: null };

  function* chunks(all: Record<string, string>) {
    yield safetensorsHeader(Object.fromEntries(specs), all).header;
    for (const { read } of Object.values(parameters)) yield bytesOf(read());
  }
}

/** Throws `disk` where a value is not the one that was written. */
function readBack(path: string, parameters: Exported['parameters']): void {
  withFile(path, (source) => {
    const { tensors } = readSafetensors(source);
    for (const [name, { shape, read }] of Object.entries(parameters)) {
      const { offset, length, shape: found } = tensors.get(name)!;
      if (String(found) !== String(shape) || !bytesOf(read()).equals(source.read(offset, length)))
        throw new PermafrostError(
          'disk',
          `${name} came back otherwise than it was written to ${path}. Check the disk.`,
        );
    }
  });
}
