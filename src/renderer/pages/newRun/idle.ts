/** Fields that have no effect while another one has its present value. Pure. */
import { type ConfigField, configDefaults, fieldMeta, isWebgpu } from '#contract/config';
import type { Draft } from './draft.ts';

interface Rule {
  fields: readonly ConfigField[];
  applies(draft: Draft): boolean;
  why: string;
}

const rules: Rule[] = [
  {
    fields: ['freeze_pos', 'freeze_ln', 'freeze_attn', 'freeze_ff'],
    applies: ({ freeze_trans }) => freeze_trans === false,
    why: `Has no effect while “${fieldMeta('freeze_trans').label}” is off: the whole transformer is trained.`,
  },
  {
    fields: ['trained_attn_blocks'],
    applies: ({ freeze_trans, freeze_attn }) => freeze_trans === false || freeze_attn !== false,
    why: `“${fieldMeta('trained_attn_blocks').label}” needs “${fieldMeta('freeze_trans').label}” on and “${fieldMeta('freeze_attn').label}” off.`,
  },
  {
    fields: ['statistics_only'],
    applies: ({ pretrained, statistics_only }) => pretrained === false && statistics_only !== true,
    why: `Needs “${fieldMeta('pretrained').label}”: it uses the statistics of the pretrained weights.`,
  },
  {
    fields: ['n_embd', 'n_head', 'n_positions', 'initializer_range'],
    applies: ({ pretrained }) => pretrained === true,
    why: 'Pretrained weights have a fixed size. Turn off “Pretrained” to scale the body down.',
  },
  {
    fields: ['precision'],
    applies: ({ device }) => !isWebgpu(device),
    why: `“mixed” needs “${fieldMeta('device').label}” webgpu, webgpu:1, webgpu:2 or webgpu:3.`,
  },
];

const ruleOf = (field: ConfigField, draft: Draft): Rule | undefined =>
  rules.find(({ fields, applies }) => fields.includes(field) && applies(draft));

/** Why a field cannot be changed now. A field whose value causes an error can always be changed. */
export function idleReason(field: ConfigField, draft: Draft): string | undefined {
  const rule = ruleOf(field, draft);
  const value = draft[field];
  const isDefault = value === (configDefaults as Record<string, unknown>)[field];
  return rule && (typeof value === 'boolean' || isDefault) ? rule.why : undefined;
}

/** The fields to show, and notes on those that are hidden because they are empty and have no effect. */
export function shownFields(fields: readonly ConfigField[], draft: Draft): { shown: ConfigField[]; notes: string[] } {
  const isHidden = (field: ConfigField) => draft[field] === null && idleReason(field, draft) !== undefined;
  const notes = fields.filter(isHidden).map((field) => idleReason(field, draft)!);
  return { shown: fields.filter((field) => !isHidden(field)), notes: [...new Set(notes)] };
}
