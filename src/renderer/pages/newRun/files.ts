/** Config files of dl-project, in and out. */
import { configFile, type ExperimentConfig } from '#contract/config';
import { saveFile } from '../../chart/save.ts';

/** The JSON of a file, or a sentence that says why it is none. */
export async function readJson(file: File): Promise<{ json: unknown } | { problem: string }> {
  const text = await file.text();
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return { problem: `${file.name} is not JSON: ${(error as Error).message}.` };
  }
}

export const saveConfig = (config: ExperimentConfig): void =>
  saveFile(`${config.name}.json`, `${JSON.stringify(configFile(config), null, 2)}\n`, 'application/json');
