/** Reads and writes a config as a dl-project file, `{name, params, args}`. */
import {
  configFields,
  configSchema,
  type ExperimentConfig,
  type FieldMeta,
  fieldMeta,
  isConfigField,
  parseConfig,
} from './config.ts';
import { PermafrostError } from './errors.ts';

/** Fields of dl-project files that have no effect here; they are accepted and dropped. */
const ignored = new Set([
  ...['log_to_wandb', 'note', 'wandb_project', 'wandb_entity', 'include_date', 'save_models', 'save_models_ever'],
  ...['in_layer_size', 'out_layer_size'], // misspelt in old files; the reference ignores them too
]);

/**
 * Reads the parsed JSON of a dl-project file `{name, params, args}` or of a flat record. As in dl-project, `null` for a field that
 * cannot be null means its default. `device: "cuda"` in a file written by dl-project becomes `auto`.
 */
export function openConfig(json: unknown): ExperimentConfig {
  if (!json || typeof json !== 'object' || Array.isArray(json)) {
    throw new PermafrostError(
      'config',
      `A config is a JSON object {name, params, args}; found ${Array.isArray(json) ? 'an array' : json === null ? 'null' : typeof json}.`,
    );
  }
  const file = json as Record<string, unknown>;
  const nested = 'params' in file || 'args' in file;
  const flat: Record<string, unknown> = nested
    ? { ...(file.name === undefined ? {} : { name: file.name }), ...(file.params as object), ...(file.args as object) }
    : { ...file };
  if (nested) {
    const stray = Object.keys(file).filter((key) => !['name', 'params', 'args'].includes(key));
    if (stray.length) {
      throw new PermafrostError(
        'config',
        `${stray.join(', ')}: a config file has only name, params and args. Move it into params or args.`,
      );
    }
    if (flat.device === 'cuda' && 'wandb_project' in flat) flat.device = 'auto';
  }
  for (const key of ignored) delete flat[key];
  for (const [key, value] of Object.entries(flat)) {
    if (value === null && isConfigField(key) && !configSchema.shape[key].safeParse(null).success) delete flat[key];
  }
  return parseConfig(flat);
}

/** The config as a dl-project file `{name, params, args}`. */
export function configFile(config: ExperimentConfig): { name: string; params: object; args: object } {
  const pick = (section: FieldMeta['section']) =>
    Object.fromEntries(configFields.filter((f) => fieldMeta(f).section === section).map((f) => [f, config[f]]));
  return { name: config.name, params: pick('params'), args: pick('args') };
}
