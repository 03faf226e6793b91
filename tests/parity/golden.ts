/** Golden cases: numbers of the real reference code. `PERMAFROST_GOLDEN` names another folder of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TensorData } from '#engine/program';
import { readSafetensors, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';

const folder = resolve(process.env.PERMAFROST_GOLDEN ?? join(import.meta.dirname, '../fixtures/golden'));

export interface Golden {
  name: string;
  kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of a case has the fields of its kind
  info: any;
  tensor(name: string): { shape: number[]; data: TensorData };
  /** Tensors under a prefix, by the rest of their names. */
  tensors(prefix: string): Record<string, { shape: number[]; data: TensorData }>;
}

export function loadGolden(name: string): Golden {
  const info = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  let file: ReturnType<typeof readSafetensors> | undefined;
  const source = () => bytesSource(readFileSync(join(folder, `${name}.safetensors`)));
  const tensor = (key: string) => {
    file ??= readSafetensors(source());
    const found = file.tensors.get(key);
    if (!found) throw new Error(`${name} has no tensor ${key}`);
    const values = tensorData(source(), found);
    const data = values instanceof BigInt64Array ? Int32Array.from(values, Number) : (values as TensorData);
    return { shape: [...found.shape], data };
  };
  const tensors = (prefix: string) => {
    file ??= readSafetensors(source());
    const keys = [...file.tensors.keys()].filter((key) => key.startsWith(prefix));
    return Object.fromEntries(keys.map((key) => [key.slice(prefix.length), tensor(key)]));
  };
  return { name, kind: info.kind ?? info.case, info, tensor, tensors };
}

export const goldenNames = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length))
  .sort();

export const goldenOf = (kind: string): Golden[] =>
  goldenNames.map(loadGolden).filter((golden) => golden.kind === kind);
