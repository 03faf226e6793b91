/** A zoo on a temporary home with a Hugging Face cache, and checkpoints to put there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safetensorsChunks } from '#formats/safetensors';
import { bodies } from '#models/index';
import { createZoo, type ZooOptions } from '#zoo/zoo';

const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
/** A GPT-2 of 2 layers and width 8, with its checkpoint. */
export const goldenConfig = {
  model_type: 'gpt2',
  ...JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).config,
};
export const goldenWeights = readFileSync(join(golden, 'f01-zip-fp32-lmhead.bin'));
export const tiny = 'sshleifer/tiny-gpt2';

/** A checkpoint of a known body in which every weight is one half. */
export function checkpointOf(name: string): Buffer {
  const { body, config } = bodies[name];
  const tensors = Object.entries(body.parameters(config)).map(([parameter, shape]) => {
    return [parameter, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) }];
  });
  return Buffer.concat([...safetensorsChunks(Object.fromEntries(tensors))]);
}

export function openZooHome(environment: NodeJS.ProcessEnv = {}) {
  const root = mkdtempSync(join(tmpdir(), 'permafrost-zoo-'));
  const home = join(root, 'home');
  mkdirSync(home);
  const variables = { HF_HOME: join(root, 'hf'), ...environment };
  const openZoo = (options: Partial<ZooOptions> = {}) =>
    createZoo({ home, environment: variables, patience: { attempts: 2, delay: 5 }, ...options });
  return {
    root,
    home,
    environment: variables,
    openZoo,
    /** A path in the cache of Hugging Face. */
    cache: (...path: string[]) => join(root, 'hf', 'hub', ...path),
    /** Makes a folder with the small GPT-2 in it. Returns its path. */
    putModel(...path: string[]): string {
      const folder = join(root, ...path);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'config.json'), json(goldenConfig));
      writeFileSync(join(folder, 'pytorch_model.bin'), goldenWeights);
      return folder;
    },
    close: () => rmSync(root, { recursive: true }),
  };
}
