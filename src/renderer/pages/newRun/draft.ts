/** A config that is being edited: any value in any field, with the problem of each. Pure. */

import type { z } from 'zod';
import type { Catalogue, ConfigReport } from '#contract/catalogue';
import {
  type ConfigField,
  configDefaults,
  configSchema,
  type ExperimentConfig,
  fieldMeta,
  isCrossField,
} from '#contract/config';
import { controlOf } from './controls.ts';

export type Draft = Record<ConfigField, unknown>;
export type FieldErrors = Partial<Record<ConfigField, string>>;

/** The initial form: the smallest published experiment, on a body that needs no download. */
export function firstDraft({ bodies }: Pick<Catalogue, 'bodies'>): Draft {
  const task = 'bit-xor';
  const ready = bodies.find(({ hasWeights, tasks }) => hasWeights && tasks.includes(task));
  return { ...configDefaults, task, n: 5, num_patterns: 2, model_name: ready?.name ?? configDefaults.model_name };
}

/** The schema errors of a draft, with the form's labels. */
export function schemaErrors(draft: Draft): FieldErrors {
  const result = configSchema.safeParse(draft);
  if (result.success) return {};
  const errors: FieldErrors = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0] as ConfigField;
    errors[field] ??= isCrossField(issue) ? issue.message : expectation(field, issue);
  }
  return errors;
}

/** Says which values a field accepts; `issue` is the rule that a value broke. */
export function expectation(field: ConfigField, issue?: z.core.$ZodIssue): string {
  const control = controlOf(field);
  const empty = control.optional ? ', or nothing' : '';
  switch (control.kind) {
    case 'number': {
      const { low, high } = control;
      const limits = [low === null ? '' : `from ${low}`, high === null ? '' : `up to ${high}`]
        .filter(Boolean)
        .join(' ');
      return `${fieldMeta(field).label} takes a ${control.whole ? 'whole number' : 'number'}${limits && ` ${limits}`}${empty}.`;
    }
    case 'sizes':
      return `${fieldMeta(field).label} takes up to 16 whole numbers such as 64, 32${empty}.`;
    case 'choice':
      return `${fieldMeta(field).label} is one of ${control.choices.join(', ')}.`;
    default:
      return issue?.code === 'too_big'
        ? `${fieldMeta(field).label} takes at most ${issue.maximum} characters.`
        : `${fieldMeta(field).label} must be filled in.`;
  }
}

/** The app's errors by field, and those that belong to no field. */
export function reportErrors(report: ConfigReport | undefined): { fields: FieldErrors; rest: string[] } {
  const fields: FieldErrors = {};
  const rest: string[] = [];
  for (const { field, message } of report && !report.ok ? report.errors : []) {
    if (field) fields[field] ??= message;
    else rest.push(message);
  }
  return { fields, rest };
}

/** The config of a valid draft. */
export const configOfDraft = (draft: Draft): ExperimentConfig | null => configSchema.safeParse(draft).data ?? null;
