/** Pretraining on bit memory, as in Table 2 of the paper ("bit memory"). The body is kept; its input and output networks are not. */
import { parseConfig } from '#contract/config';
import { bodyPrefix } from '#models/body';
import { gpt2Configs } from '#models/gpt2';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { batchSize as batch, type Objective, seed } from './objective.ts';

const settings = {
  ...{ task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50 },
  ...{ model_name: 'permafrost-nano-bits', pretrained: false, freeze_trans: false, body_dropout: 0, dropout: 0 },
};

export function bitMemoryObjective(): Objective {
  const config = parseConfig(settings);
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const batches = task.batches(config, null, { seed, sizes: { train: batch, test: batch, final: batch } });
  const score = task.scores(config);
  return {
    body: 'permafrost-nano-bits',
    config: gpt2Configs['permafrost-nano-bits'],
    model,
    inputs: {
      x: { shape: [batch, shape.tokens, shape.width] },
      y: { shape: [batch, ...shape.target], dtype: shape.targetType },
    },
    loss: task.loss(config),
    batch: (step) => batches.batch('train', step),
    nameInCheckpoint: (parameter) => (parameter.startsWith(bodyPrefix) ? parameter.slice(bodyPrefix.length) : null),
    async record(evaluate) {
      let sum = 0;
      for (let i = 0; i < testBatches; i++) {
        const { x, y } = batches.batch('test', i);
        const { logits } = await evaluate({ x, y });
        sum += score(logits as Float32Array, y, batch).reduce((total, accuracy) => total + accuracy, 0);
      }
      const samples = testBatches * batch;
      return { accuracy: sum / samples, floor: task.floor(config, null)!.value, unit: 'share of bits', samples };
    },
    unit: 'nats/bit',
    steps: 1000,
    learningRate: 2e-3,
  };
}

const testBatches = 64;
