/** Lists how a config's training and evaluation differ from the published protocol. The task adds its own differences. */
import type { ConfigField, ExperimentConfig } from '#contract/config';
import type { Deviation } from '#contract/run';
import { type BodyTable, bodies, bodyDeviation, isScaled } from '#models/index';
import { bodyOverrides } from '#models/model';
import type { Task } from '#tasks/task';

interface Rule {
  field: ConfigField;
  applies(config: ExperimentConfig, task: Task, table: BodyTable): boolean;
  text(config: ExperimentConfig, table: BodyTable): string;
}

const corrected = ({ variant }: ExperimentConfig): boolean => variant === 'corrected';
const accumulates = ({ batch_size, gpu_batch_size }: ExperimentConfig): boolean => batch_size > gpu_batch_size;

const rules: Rule[] = [
  {
    field: 'variant',
    applies: corrected,
    text: () =>
      'The final evaluation always uses the best weights, on a separate draw of samples. The committed code uses the last weights unless early stop fired, and its batches continue after those of the last evaluation.',
  },
  {
    field: 'gpu_batch_size',
    applies: (config, task) => corrected(config) && task.readsWholeBatches && accumulates(config),
    text: ({ batch_size, gpu_batch_size }) =>
      `An optimizer step uses ${batch_size} samples. The committed code ignores gpu_batch_size when it loads them and uses ${(batch_size / gpu_batch_size) * batch_size}.`,
  },
  {
    field: 'model_name',
    applies: isScaled,
    text: (config) => {
      if (config.pretrained) return `The body is the first ${config.n_layer} blocks of ${config.model_name}.`;
      const changed = bodyOverrides
        .filter((field) => config[field] !== null)
        .map((field) => `${field} ${config[field]}`);
      return `The body differs from the published ${config.model_name}: ${changed.join(', ')}.`;
    },
  },
  {
    field: 'model_name',
    applies: (config, _, table) => bodyDeviation(config, table) !== null,
    text: (config, table) => bodyDeviation(config, table)!,
  },
  {
    field: 'optimizer',
    applies: ({ optimizer }) => optimizer !== 'adam',
    text: ({ optimizer }) => `The optimizer is ${optimizer}; published runs use Adam.`,
  },
  {
    field: 'schedule',
    applies: ({ schedule, warmup_steps }) => schedule !== 'constant' || warmup_steps > 0,
    text: ({ schedule, warmup_steps }) =>
      `The learning rate rises over ${warmup_steps} steps, then ${schedule === 'constant' ? 'stays' : `follows a ${schedule}`}; published runs keep it constant.`,
  },
  {
    field: 'body_dropout',
    applies: ({ body_dropout }) => body_dropout !== null,
    text: ({ body_dropout }) =>
      `Dropout inside the transformer is ${body_dropout}; published runs use the checkpoint’s value.`,
  },
  {
    field: 'precision',
    applies: ({ precision }) => precision === 'mixed',
    text: () => 'Matrix products read 16-bit floats; the published runs computed in 32-bit floats.',
  },
];

export const deviationsOf = (config: ExperimentConfig, task: Task, table: BodyTable = bodies): Deviation[] => [
  ...rules
    .filter(({ applies }) => applies(config, task, table))
    .map(({ field, text }) => ({ field, text: text(config, table) })),
  ...task.deviations(config),
];
