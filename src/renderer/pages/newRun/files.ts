/** Reads and writes config files of dl-project. */
import type { ExperimentConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import { readJson } from '#formats/json';
import { saveFile } from '../../chart/save.ts';

/** The JSON of a file, or a sentence that says why it cannot be read. */
export async function readJsonFile(file: File): Promise<{ json: unknown } | { problem: string }> {
  try {
    return { json: readJson(new Uint8Array(await file.arrayBuffer()), file.name, 'config') };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

export const saveConfig = (config: ExperimentConfig): void =>
  saveFile(`${config.name}.json`, `${JSON.stringify(configFile(config), null, 2)}\n`, 'application/json');
