/**
 * The experiment config: one schema for the form, the command line, the store and the JSON files of dl-project
 * (`{name, params, args}`, github.com/panpiort8/dl-project), whose field names it keeps.
 * In memory a config is one flat record; `section` says where a field lives in a file.
 */
import { z } from 'zod';
import { nearest, PermafrostError } from './errors.ts';
import { modelName } from './names.ts';
import { numberHint, readDecimal, readWhole } from './numbers.ts';

export interface FieldMeta {
  label: string;
  help: string;
  unit?: string;
  /** Heading of the form. */
  group: 'task' | 'model' | 'freezing' | 'training' | 'evaluation' | 'run';
  /** Where the field lives in a dl-project file. */
  section: 'name' | 'params' | 'args';
}

const field = <T extends z.ZodType>(type: T, meta: FieldMeta): T => type.meta({ ...meta });
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

export const configSchema = z.strictObject({
  name: field(z.string().min(1).max(200).default('run'), {
    label: 'Name',
    help: 'What you call this experiment.',
    group: 'run',
    section: 'name',
  }),

  task: field(z.string(), params('task', 'Task', 'What the network learns.')),
  n: field(
    count(100000).nullable().default(null),
    params('task', 'n', 'Bits per pattern, or digits to add. Text tasks: cut longer sequences to so many tokens.'),
  ),
  num_patterns: field(
    count(10000).nullable().default(null),
    params('task', 'Patterns', 'Bit tasks: how many patterns are shown.'),
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
      'corrected: losses, metrics and evaluation as the protocol means them. reference: as the committed code of dl-project computes them, known defects included.',
    ),
  ),
  reading: field(
    z.enum(['fpt', 'lra']).default('fpt'),
    params(
      'task',
      'ListOps reading',
      'fpt: brackets are lost and 512 tokens are seen, as in the code of the paper. lra: closing brackets stay and 2,000 tokens are seen.',
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
  n_layer: field(
    count(1024).nullable().default(null),
    params('model', 'Layers', 'Scaled-down body: number of blocks.'),
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
      'Standard deviation of a random body’s weights. Empty: what the checkpoint’s config says (0.02).',
    ),
  ),
  body_dropout: field(
    z.number().min(0).max(0.95).nullable().default(null),
    params(
      'model',
      'Body dropout',
      'Dropout inside the transformer. Empty: what the checkpoint says (0.1 for most GPT-2 models), as in the published runs.',
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
  freeze_in: field(
    z.boolean().default(false),
    params('freezing', 'Freeze input', 'Keep the input network as it starts.'),
  ),
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
  freeze_ff: field(
    z.boolean().default(true),
    params('freezing', 'Freeze feed-forward', 'Keep the feed-forward weights.'),
  ),
  freeze_out: field(
    z.boolean().default(false),
    params('freezing', 'Freeze output', 'Keep the output network as it starts.'),
  ),

  learning_rate: field(
    z.number().positive().max(10).default(1e-3),
    params('training', 'Learning rate', 'Rate of the optimizer; the largest one where a schedule changes it.'),
  ),
  schedule: field(
    z.enum(['constant', 'cosine']).default('constant'),
    params(
      'training',
      'Schedule',
      'What happens to the learning rate after warm-up. constant: nothing, as published. cosine: half a cosine down to 0 at the last step.',
    ),
  ),
  warmup_steps: field(
    z.int().min(0).max(1e9).default(0),
    params('training', 'Warm-up', 'The learning rate rises linearly over so many steps.', 'steps'),
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
      'Samples at once on the device; larger batches accumulate gradients.',
      'samples',
    ),
  ),
  num_iters: field(
    z.int().min(0).max(1e9).default(500),
    args(
      'training',
      'Iterations',
      'Training stops after so many iterations. 0: nothing is trained, only the final evaluation runs.',
    ),
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
      'Stop after so many iterations without 1 % less test loss. Empty: never.',
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
    args('run', 'Seed', 'Decides initial weights, data order and dropout.'),
  ),
  device: field(
    z.enum(['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow']).default('auto'),
    args('run', 'Device', 'Where the run computes. auto: the fastest that works.'),
  ),
});

export type ExperimentConfig = z.infer<typeof configSchema>;
export type ConfigField = keyof ExperimentConfig;
export const configFields = Object.keys(configSchema.shape) as ConfigField[];

/** Every field at its default; a config has no default task. */
export const configDefaults: Omit<ExperimentConfig, 'task'> = (({ task, ...rest }) => rest)(
  configSchema.parse({ task: '' }),
);

/** The type of a field; undefined for what is none, be it the name of an object's property. */
const typeOf = (name: string): z.ZodType | undefined =>
  Object.hasOwn(configSchema.shape, name) ? configSchema.shape[name as ConfigField] : undefined;

/** Label, help, unit, form group and file section of a field. */
export const fieldMeta = (name: ConfigField): FieldMeta => configSchema.shape[name].meta() as unknown as FieldMeta;

/** Fields of dl-project files that decide nothing here; they are accepted and not kept. */
const ignored = new Set([
  ...['log_to_wandb', 'note', 'wandb_project', 'wandb_entity', 'include_date', 'save_models', 'save_models_ever'],
  ...['in_layer_size', 'out_layer_size'], // misspelt in old files; the reference ignores them too
]);

/**
 * Validates a flat record into a config with defaults filled in.
 * Throws `config` naming every wrong field, each on a line that begins with it, and, for an unknown one, the nearest valid name.
 */
export function parseConfig(input: Record<string, unknown>): ExperimentConfig {
  const result = configSchema.safeParse(input);
  if (!result.success) throw new PermafrostError('config', result.error.issues.map(explain).join('\n'));
  const config = result.data;
  if (config.batch_size > config.gpu_batch_size && config.batch_size % config.gpu_batch_size !== 0) {
    throw new PermafrostError(
      'config',
      `batch_size ${config.batch_size} must be at most gpu_batch_size ${config.gpu_batch_size} or a multiple of it. ` +
        `Choose batch_size ${Math.ceil(config.batch_size / config.gpu_batch_size) * config.gpu_batch_size} or gpu_batch_size ${config.batch_size}.`,
    );
  }
  return config;
}

/** The lines of a `config` error, each with the field that it begins with, or null. */
export const errorsByField = (message: string): { field: ConfigField | null; message: string }[] =>
  message.split('\n').map((line) => {
    const word = /^\w+/.exec(line)?.[0] ?? '';
    return { field: Object.hasOwn(configSchema.shape, word) ? (word as ConfigField) : null, message: line };
  });

function explain(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => `${key}: there is no such field. Did you mean ${nearest(key, configFields)}?`)
      .join('\n');
  }
  const meta = issue.path.length ? fieldMeta(issue.path[0] as ConfigField) : undefined;
  return `${path || 'config'}: ${issue.message}${meta ? ` (${meta.label}: ${meta.help})` : ''}`;
}

/**
 * Opens the parsed JSON of a dl-project file `{name, params, args}` or of a flat record.
 * `null` for a field whose type has no null means "the default", as it did there; `device: "cuda"` of such a file means `auto`.
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
    const type = typeOf(key);
    if (value === null && type && !type.safeParse(null).success) delete flat[key];
  }
  return parseConfig(flat);
}

/** The config as a dl-project file `{name, params, args}`. */
export function configFile(config: ExperimentConfig): { name: string; params: object; args: object } {
  const pick = (section: FieldMeta['section']) =>
    Object.fromEntries(configFields.filter((f) => fieldMeta(f).section === section).map((f) => [f, config[f]]));
  return { name: config.name, params: pick('params'), args: pick('args') };
}

/** The type of a field without its default and its null. */
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

interface Reading {
  expected: string;
  /** The value of a text; undefined for one that is none. */
  read(text: string): unknown;
}

const whole: Reading = { expected: 'a whole number in digits', read: (text) => readWhole(text) ?? undefined };
/** Text may stand in quotes as JSON has it. */
const words: Reading = {
  expected: 'a text',
  read: (text) => (/^"([^"\\]|\\.)*"$/.test(text) ? jsonOf(text) : undefined) ?? text,
};
/** How values are typed, by the type of their field. */
const readings: Record<string, Reading> = {
  string: words,
  enum: words,
  boolean: { expected: 'true or false', read: (text) => ({ true: true, false: false })[text] },
  number: { expected: 'a number', read: (text) => readDecimal(text) ?? undefined },
  array: {
    expected: 'a list such as [64,32]',
    read: (text) => {
      const sizes = /^\[(.*)\]$/
        .exec(text)?.[1]
        .split(',')
        .map((size) => readWhole(size.trim()));
      return sizes?.every((size) => size !== null) ? sizes : text.replaceAll(' ', '') === '[]' ? [] : undefined;
    },
  },
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A field's value as it is typed, by the type of the field, so that a text may look like a number; `none` or `null` for an
 * empty one where it may be empty. Throws `config` for a text that is no such value.
 */
export function readValue(field: string, text: string): unknown {
  if (!Object.hasOwn(configSchema.shape, field)) return text; // parseConfig says that there is no such field
  const { type, isOptional } = fieldType(field as ConfigField);
  if (isOptional && (text === 'none' || text === 'null')) return null;
  const { expected, read } = isWhole(field as ConfigField) ? whole : readings[type.def.type];
  const value = read(text);
  if (value !== undefined) return value;
  const empty = isOptional ? ', or none' : '';
  throw new PermafrostError('config', `${field}: expected ${expected}${empty}; found "${text}".${numberHint(text)}`);
}

/** Reads `key=value` settings of the command line, values as {@link readValue} has them. */
export function readSetting(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1)
    throw new PermafrostError('config', `--set expects key=value, found "${text}". Example: --set learning_rate=0.001`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  return [key, readValue(key, value)];
}
