/** The config fields in which runs differ. */
import { type ConfigField, configFields, fieldMeta } from './config.ts';
import { type RunRow, type Setting, settingOf } from './runRow.ts';

export interface FieldDifference {
  field: ConfigField;
  label: string;
  /** One value per run, in the order of the runs. */
  values: Setting[];
}

/** The differing fields, in the order of the form; empty if all configs are equal. */
export function configDiff(rows: readonly Pick<RunRow, 'settings'>[]): FieldDifference[] {
  return configFields.flatMap((field) => {
    const values = rows.map((row) => settingOf(row, field));
    return new Set(values).size > 1 ? [{ field, label: fieldMeta(field).label, values }] : [];
  });
}
