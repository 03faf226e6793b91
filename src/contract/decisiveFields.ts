/** The config fields on which a result depends. Pure. */
import { type ConfigField, configFields } from './config.ts';

/** The fields that change no result: what a run is called, and where it computes. */
export const neutralFields: ReadonlySet<ConfigField> = new Set(['name', 'device']);

/** The fields on which a result depends. */
export const decisiveFields: readonly ConfigField[] = configFields.filter((field) => !neutralFields.has(field));
