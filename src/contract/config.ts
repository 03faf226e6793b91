/**
 * The experiment config. The form, the command line, the router, the store and config files share this schema and its
 * cross-field rules. It keeps the field names of dl-project (github.com/panpiort8/dl-project). In memory a config is a flat
 * record.
 */
import { z } from 'zod';
import './issueTexts.ts';
import { nearest, PermafrostError } from './errors.ts';
import { modelName } from './names.ts';

export interface FieldMeta {
  label: string;
  help: string;
  unit?: string;
  /** Section of the form. */
  group: 'task' | 'model' | 'freezing' | 'training' | 'evaluation' | 'run';
  /** Where the field lives in a dl-project file. */
  section: 'name' | 'params' | 'args';
}

const metas = z.registry<FieldMeta>();
function field<T extends z.ZodType>(type: T, meta: FieldMeta): T {
  const own = type.clone(); // the registry is keyed by type, and fields may share one
  metas.add(own, meta);
  return own;
}
const params = (group: FieldMeta['group'], label: string, help: string, unit?: string): FieldMeta => ({
  label,
  help,
  unit,
  group,
  section: 'params',
});
const args = (group: FieldMeta['group'], label: string, help: string, unit?: string): FieldMeta => ({
  ...params(group, label, help, unit),
  section: 'args',
});
const count = (max = 1e9) => z.int().min(1).max(max);
const layerSizes = z.array(count(65536)).max(16).nullable().default(null);

const fields = z.strictObject({
  name: field(z.string().min(1).max(200).default('run'), {
    label: 'Name',
    help: 'What you call this experiment.',
    group: 'run',
    section: 'name',
  }),

  task: field(z.string(), params('task', 'Task', 'What the network learns.')),
  n: field(
    count(100000).nullable().default(null),
    params('task', 'n', 'Bits per pattern, or digits to add. Text tasks: longer sequences are cut to n tokens.'),
  ),
  num_patterns: field(
    count(10000).nullable().default(null),
    params('task', 'Patterns', 'Bit tasks: number of patterns in a sample.'),
  ),
  patch_size: field(
    count(65536).nullable().default(null),
    params('task', 'Patch size', 'Images: side of a square patch. Bit tasks: bits per token.'),
  ),
  variant: field(
    z.enum(['corrected', 'reference']).default('corrected'),
    params(
      'task',
      'Variant',
      'corrected: losses, metrics and evaluation as the protocol intends them. reference: as the committed code of dl-project computes them, including known defects.',
    ),
  ),
  reading: field(
    z.enum(['fpt', 'lra']).default('fpt'),
    params(
      'task',
      'ListOps reading',
      'fpt: drops brackets and reads 512 tokens, as the code of the paper does. lra: keeps closing brackets and reads 2,000 tokens.',
    ),
  ),
  bit_head: field(
    z.enum(['bce', 'cross-entropy']).default('bce'),
    params('task', 'Bit-xor head', 'bce: n logits. cross-entropy: 2n logits, as in dl-project before 7 June 2021.'),
  ),

  model_name: field(modelName.default('gpt2'), params('model', 'Body', 'The pretrained transformer.')),
  pretrained: field(
    z.boolean().default(true),
    params('model', 'Pretrained', 'Load the published weights; otherwise the body starts from random weights.'),
  ),
  statistics_only: field(
    z.boolean().default(false),
    params(
      'model',
      'Statistics only',
      'Draw every tensor of the body from a normal distribution with the mean and standard deviation of its pretrained values.',
    ),
  ),
  n_layer: field(
    count(1024).nullable().default(null),
    params('model', 'Layers', 'Number of blocks. A pretrained body keeps its first blocks. Empty: all of them.'),
  ),
  n_embd: field(count(65536).nullable().default(null), params('model', 'Width', 'Scaled-down body: embedding width.')),
  n_head: field(count(1024).nullable().default(null), params('model', 'Heads', 'Scaled-down body: attention heads.')),
  n_positions: field(
    count(1 << 20)
      .nullable()
      .default(null),
    params('model', 'Positions', 'Scaled-down body: longest sequence.', 'tokens'),
  ),
  initializer_range: field(
    z.number().positive().max(10).nullable().default(null),
    params(
      'model',
      'Init deviation',
      'Standard deviation of a random body’s weights. Empty: as in the checkpoint’s config (0.02).',
    ),
  ),
  body_dropout: field(
    z.number().min(0).max(0.95).nullable().default(null),
    params(
      'model',
      'Body dropout',
      'Dropout inside the transformer. Empty: as in the checkpoint’s config (0.1 for most GPT-2 models), which the published runs use.',
    ),
  ),
  in_layer_sizes: field(layerSizes, params('model', 'Input layers', 'Hidden layers before the transformer.')),
  out_layer_sizes: field(layerSizes, params('model', 'Output layers', 'Hidden layers after the transformer.')),
  dropout: field(
    z.number().min(0).max(0.95).default(0.1),
    params('model', 'Input/output dropout', 'Dropout of the input and output networks.'),
  ),
  orth_gain: field(
    z.number().positive().max(100).nullable().default(1.41),
    params('model', 'Orthogonal gain', 'Gain of the orthogonal init of the input network. Empty: uniform init.'),
  ),

  freeze_trans: field(
    z.boolean().default(true),
    params(
      'freezing',
      'Freeze transformer',
      'Off: every weight of the body is trained and the flags below are ignored.',
    ),
  ),
  freeze_in: field(z.boolean().default(false), params('freezing', 'Freeze input', 'Keep the initial input network.')),
  freeze_pos: field(
    z.boolean().default(true),
    params(
      'freezing',
      'Freeze positions',
      'Keep the position embeddings. The paper trains them; dl-project’s run.py froze them.',
    ),
  ),
  freeze_ln: field(
    z.boolean().default(false),
    params('freezing', 'Freeze layer norm', 'Keep layer-norm gains and biases.'),
  ),
  freeze_attn: field(z.boolean().default(true), params('freezing', 'Freeze attention', 'Keep the attention weights.')),
  trained_attn_blocks: field(
    count(1024).nullable().default(null),
    params(
      'freezing',
      'Trained attention blocks',
      'With “Freeze attention” off: how many of the last blocks train their attention. Empty: all blocks.',
      'blocks',
    ),
  ),
  freeze_ff: field(
    z.boolean().default(true),
    params('freezing', 'Freeze feed-forward', 'Keep the feed-forward weights.'),
  ),
  freeze_out: field(
    z.boolean().default(false),
    params('freezing', 'Freeze output', 'Keep the initial output network.'),
  ),

  learning_rate: field(
    z.number().positive().max(10).default(1e-3),
    params('training', 'Learning rate', 'Learning rate of the optimizer. With a schedule: its peak.'),
  ),
  schedule: field(
    z.enum(['constant', 'cosine']).default('constant'),
    params(
      'training',
      'Schedule',
      'Learning rate after warm-up. constant: unchanged, as published. cosine: half a cosine down to 0 at the last step.',
    ),
  ),
  warmup_steps: field(
    z.int().min(0).max(1e9).default(0),
    params('training', 'Warm-up', 'Steps over which the learning rate rises linearly from 0.', 'steps'),
  ),
  optimizer: field(
    z.enum(['adam', 'sgd']).default('adam'),
    params('training', 'Optimizer', 'adam: β 0.9 / 0.999, ε 1e-8, as published. sgd: plain gradient descent.'),
  ),
  batch_size: field(
    count(65536).default(25),
    params('training', 'Batch size', 'Samples per optimizer step.', 'samples'),
  ),
  gpu_batch_size: field(
    count(65536).default(25),
    args(
      'training',
      'Micro-batch size',
      'Samples processed at once on the device; larger batches accumulate gradients.',
      'samples',
    ),
  ),
  num_iters: field(
    z.int().min(0).max(1e9).default(500),
    args('training', 'Iterations', 'Number of iterations. 0: only the final evaluation runs.'),
  ),
  steps_per_iter: field(
    count().default(100),
    args('training', 'Steps per iteration', 'Optimizer steps between evaluations.', 'steps'),
  ),
  early_stop: field(
    count().nullable().default(10),
    args(
      'training',
      'Early stop',
      'Stop when the test loss has not fallen by 1 % for this many iterations. Empty: never.',
      'iterations',
    ),
  ),
  test_steps_per_iter: field(
    count().default(100),
    args('evaluation', 'Test samples', 'Test samples per evaluation, rounded up to whole batches.', 'samples'),
  ),
  final_test_samples: field(
    count().default(10000),
    args('evaluation', 'Final test samples', 'Samples of the final evaluation.', 'samples'),
  ),
  seed: field(
    z.int().min(0).max(2147483647).default(0),
    args('run', 'Seed', 'Determines initial weights, data order and dropout.'),
  ),
  device: field(
    z.enum(['auto', 'cpu', 'webgpu', 'webgpu:1', 'webgpu:2', 'webgpu:3', 'cuda', 'tensorflow']).default('auto'),
    args(
      'run',
      'Device',
      'Where the run computes. auto: the fastest that works. webgpu:1 is the second graphics card, and so on.',
    ),
  ),
});

export type ExperimentConfig = z.infer<typeof fields>;
export type ConfigField = keyof ExperimentConfig;
export const configFields = Object.keys(fields.shape) as ConfigField[];

/** Whether a name is a config field; names such as `toString`, which every object inherits, are not. */
export const isConfigField = (name: string): name is ConfigField => Object.hasOwn(fields.shape, name);

/**
 * A valid config. This checks the rules over several fields that depend on neither task nor body; the tasks' `shape` and
 * `buildModel` check the others.
 */
export const configSchema = fields.superRefine((config, context) => {
  const refuse = (field: ConfigField, message: string) =>
    context.addIssue({ code: 'custom', path: [field], params: { isCrossField: true }, message });
  const { batch_size, gpu_batch_size } = config;
  if (batch_size > gpu_batch_size && batch_size % gpu_batch_size !== 0)
    refuse(
      'batch_size',
      `batch_size ${batch_size} must be at most gpu_batch_size ${gpu_batch_size} or a multiple of it. ` +
        `Choose batch_size ${Math.ceil(batch_size / gpu_batch_size) * gpu_batch_size} or gpu_batch_size ${batch_size}.`,
    );
  if (config.statistics_only && !config.pretrained)
    refuse(
      'statistics_only',
      'statistics_only needs pretrained weights to take the statistics from. Set pretrained to true or statistics_only to false.',
    );
  if (config.trained_attn_blocks !== null && (config.freeze_attn || !config.freeze_trans))
    refuse(
      'trained_attn_blocks',
      'trained_attn_blocks limits the training of attention in a frozen body. Set freeze_trans to true and freeze_attn to false, or leave it empty.',
    );
});

/** Whether an issue breaks a rule over several fields. Its message names them all, the issue's own field first. */
export const isCrossField = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'custom' && issue.params?.isCrossField === true;

export const configField = z.enum(configFields);

/** Some fields of a config, in the given order, without defaults. */
export const someSettings = z.partialRecord(configField, z.unknown()).transform((settings, context) => {
  for (const [name, value] of Object.entries(settings)) {
    const { error } = fields.shape[name as ConfigField].safeParse(value);
    for (const { path, message } of error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [name, ...path], message });
  }
  return settings as Partial<ExperimentConfig>;
});

/** Every field at its default; a config has no default task. */
export const configDefaults: Omit<ExperimentConfig, 'task'> = (({ task, ...rest }) => rest)(
  configSchema.parse({ task: '' }),
);

/** Label, help, unit, form group and file section of a field. */
export const fieldMeta = (name: ConfigField): FieldMeta => metas.get(fields.shape[name])!;

/**
 * Validates a flat record into a config with defaults filled in.
 * Throws `config` with one line per wrong field, which begins with the field's name; for an unknown field it suggests the nearest
 * valid name.
 */
export function parseConfig(input: Record<string, unknown>): ExperimentConfig {
  const result = configSchema.safeParse(input);
  if (result.success) return result.data;
  throw new PermafrostError('config', result.error.issues.map(explain).join('\n'));
}

/** The lines of a `config` error, each with the field whose name begins it, or null. */
export const errorsByField = (message: string): { field: ConfigField | null; message: string }[] =>
  message.split('\n').map((line) => {
    const word = /^\w+/.exec(line)?.[0] ?? '';
    return { field: isConfigField(word) ? word : null, message: line };
  });

function explain(issue: z.core.$ZodIssue): string {
  if (isCrossField(issue)) return issue.message;
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${key}: unknown field. Did you mean ${nearest(key, configFields)}?`).join('\n');
  }
  const meta = issue.path.length ? fieldMeta(issue.path[0] as ConfigField) : undefined;
  return `${path || 'config'}: ${issue.message}${meta ? ` (${meta.label}: ${meta.help})` : ''}`;
}

/** The type of a field without its default, and whether the field may be null. */
export function fieldType(field: ConfigField): { type: z.ZodType; isOptional: boolean } {
  let [type, isOptional]: [z.ZodType, boolean] = [configSchema.shape[field], false];
  while (type.def.type === 'default' || type.def.type === 'nullable') {
    isOptional ||= type.def.type === 'nullable';
    type = (type as z.ZodDefault<z.ZodType> | z.ZodNullable<z.ZodType>).def.innerType;
  }
  return { type, isOptional };
}

/** Whether a field is a whole number. */
export const isWhole = (field: ConfigField): boolean => (fieldType(field).type as z.ZodNumber).format === 'safeint';
