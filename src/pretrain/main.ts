/**
 * `npm run pretrain` trains an embedded body of resources/zoo from scratch, by default permafrost-nano.
 * `--objective bit-memory` trains permafrost-nano-bits. The quality of the body is recorded beside its weights.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { parseScript } from '#cli/parseScript';
import { wholeNumber } from '#cli/wholeNumber';
import { adam, chain, clipByGlobalNorm } from '#engine/optim';
import { warmupCosine } from '#engine/schedule';
import { createState, type Initial } from '#engine/state';
import { compileStep } from '#engine/step';
import { toHalves } from '#formats/half';
import { safetensorsHeader } from '#formats/safetensors';
import { evalProgram, type Recipe, recipeSlots, trainedNames, trainProgram } from '#models/steps';
import { openDevices } from '#trainer/device';
import { bitMemoryObjective } from './bitMemoryObjective.ts';
import { languageObjective } from './languageObjective.ts';
import { batchSize, type Objective, seed } from './objective.ts';

const objectives: Record<string, () => Objective> = {
  language: languageObjective,
  'bit-memory': bitMemoryObjective,
};
const warmup = 200;

const options = parseScript(
  new Command('npm run pretrain --')
    .description('Trains a body that comes with Permafrost from scratch.')
    .addOption(new Option('--objective <name>', 'what it learns').choices(Object.keys(objectives)).default('language'))
    .option('--steps <n>', 'number of steps; default: those of the objective', wholeNumber('--steps', 1))
    .option('--out <folder>', 'folder of the weights; default: that of the body in resources/zoo'),
).opts<{ objective: string; steps?: number; out?: string }>();
const objective = objectives[options.objective]();
const { body, config, model, inputs, unit, learningRate } = objective;
const { steps = objective.steps } = options;
const out = options.out ?? join(import.meta.dirname, '..', '..', 'resources', 'zoo', body);

const recipe: Recipe = {
  model,
  loss: objective.loss,
  optimizer: chain(clipByGlobalNorm(1), adam({ lr: warmupCosine(learningRate, warmup, steps), beta2: 0.99 })),
};
const parameters = trainedNames(model);
const initial = parameters.map((name): [string, Initial] => [
  name,
  { shape: model.parameters[name], data: model.initialValue(name, seed) },
]);
const state = createState({ ...Object.fromEntries(initial), ...recipeSlots(recipe, false) });
const [device] = await openDevices('cpu');
const train = await compileStep(trainProgram(recipe), { state, inputs, device });
const evaluate = await compileStep(evalProgram(recipe), { state, inputs, device });

const start = performance.now();
let recent = 0;
const every = 100;
for (let step = 0; step < steps; step++) {
  const { loss } = await train.run(objective.batch(step));
  if (!Number.isFinite(loss[0]))
    throw new Error(`The loss became ${loss[0]} at step ${step + 1}. Use a lower learning rate.`);
  recent += loss[0];
  if ((step + 1) % every !== 0) continue;
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${step + 1}/${steps}  ${(recent / every).toFixed(4)} ${unit}  ${seconds} s`);
  recent = 0;
}

const minutes = (performance.now() - start) / 60000;
const record = {
  ...(await objective.record((batch) => evaluate.run(batch))),
  ...{ steps, batch: batchSize, learningRate, warmup, seed },
  minutes: Number(minutes.toFixed(1)),
  machine: `${availableParallelism()} × ${cpus()[0].model.trim()}, Node ${process.version.slice(1)}`,
};
console.log(record);

mkdirSync(out, { recursive: true });
const stored = parameters.flatMap((name) => {
  const known = objective.nameInCheckpoint(name);
  return known === null ? [] : [{ name, known, shape: model.parameters[name] }];
});
const specs = Object.fromEntries(stored.map(({ known, shape }) => [known, { shape, dtype: 'F16' as const }]));
const file = [
  safetensorsHeader(specs, { format: 'pt' }).header,
  ...stored.map(({ name }) => Buffer.from(toHalves(state.get(name) as Float32Array).buffer)),
];
writeFileSync(join(out, 'model.safetensors'), Buffer.concat(file));
const gpt2Keys = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], activation_function: 'gelu_new' };
writeFileSync(join(out, 'config.json'), `${JSON.stringify({ ...gpt2Keys, ...config }, null, 2)}\n`);
writeFileSync(join(out, 'pretraining.json'), `${JSON.stringify(record, null, 2)}\n`);
process.exit(0);
