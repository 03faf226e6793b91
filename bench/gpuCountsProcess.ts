/** `node gpuCountsProcess.ts '{"freeze_trans": true, "batch": 16}'` measures one regime of `gpu-counts`. */
import { sizeOf } from '#engine/graph';
import { noiseWords } from '#engine/noise';
import { compileStep } from '#engine/step';
import type { Gpu } from '#engine/wgsl/gpu';
import type { Plan } from '#engine/wgsl/plan';
import { openGpu } from '#trainer/gpu';
import { planOf, someBatch, trainingStep } from '../tests/engine/wgsl/trainingStep.ts';

export interface GpuCounts {
  adapter: string;
  dispatches: number;
  submits: number;
  allocations: number;
  /** Time of the narrow model's step from the call to its submit: the shortest of five, since other programs may be running. */
  hostMs: number;
  /** Time to draw the random words for the masks of GPT-2 small. */
  noiseMs: number;
  peakMb: number;
}

const { freeze_trans, batch } = JSON.parse(process.argv[2]) as { freeze_trans: boolean; batch: number };
const settings = {
  ...{ task: 'mnist', patch_size: 4, model_name: 'gpt2', freeze_trans, dropout: 0.1, body_dropout: 0.1 },
  ...{ batch_size: batch, gpu_batch_size: batch },
};
const roomy = {
  maxStorageBufferBindingSize: 2 ** 31,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 32768,
};
const whole = trainingStep(settings, false);
const plan = planOf(whole, roomy);
const words = [
  ...plan.blocks.values(),
  ...[...plan.frozen.values(), ...Object.values(whole.state.specs)].map(({ shape }) => sizeOf(shape)),
];

const count = { dispatches: 0, submits: 0, allocations: 0 };
let submitted = 0;
type Watch = (returned: object) => object | undefined;
/** Wraps an object so that `watched` sees the results of some methods and may replace them. */
const watching = <T extends object>(
  target: T,
  watched: Record<string, Watch>,
  replaced: Record<string, object> = {},
): T =>
  new Proxy(target, {
    get(object, key) {
      const name = String(key);
      const value: unknown = replaced[name] ?? Reflect.get(object, key, object);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const returned = Reflect.apply(value, object, args);
        return watched[name]?.(returned) ?? returned;
      };
    },
  });
const counts =
  (key: keyof typeof count): Watch =>
  () => {
    count[key]++;
    submitted = performance.now();
    return undefined;
  };
const countingGpu = (gpu: Gpu): Gpu =>
  watching(
    gpu,
    {
      createBuffer: counts('allocations'),
      createCommandEncoder: (encoder) =>
        watching(encoder, {
          beginComputePass: (pass) => watching(pass, { dispatchWorkgroups: counts('dispatches') }),
        }),
    },
    { queue: watching(gpu.queue, { submit: counts('submits') }) },
  );

const opened = await openGpu({
  fallback: () => Promise.reject(new Error('internal: an operator of GPT-2 has no WGSL')),
});
const thin = trainingStep({ ...settings, n_embd: 48, batch_size: 2, gpu_batch_size: 2 });
const step = await compileStep(thin.program, { ...thin, device: { ...opened, gpu: countingGpu(opened.gpu) } });

/** Milliseconds to draw the random words of a step. */
function noiseTime(lengths: readonly number[], step: number): number {
  const start = performance.now();
  const draw = noiseWords([0, step]);
  for (const length of lengths) draw(length);
  return performance.now() - start;
}
const noiseLengths = (of: Plan): number[] =>
  [...of.inputs].flatMap(([name, { size }]) => (name.startsWith('noise/') ? [size] : []));

const hostMs: number[] = [];
const noiseMs: number[] = [];
for (let i = 0; i < 5; i++) {
  for (const key of ['dispatches', 'submits', 'allocations'] as const) count[key] = 0;
  const fed = someBatch(thin.inputs, i);
  const start = performance.now();
  await step.run(fed, [0, i]);
  hostMs.push(submitted - start);
  noiseMs.push(noiseTime(noiseLengths(plan), i));
}
if (count.dispatches !== plan.dispatches.length)
  throw new Error(
    `GPT-2 small takes ${plan.dispatches.length} dispatches, but the narrow model takes ${count.dispatches}. They should be equal.`,
  );
const figures: GpuCounts = {
  adapter: opened.name,
  ...count,
  hostMs: Math.min(...hostMs),
  noiseMs: Math.min(...noiseMs),
  peakMb: (4 * words.reduce((a, b) => a + b, 0)) / 2 ** 20,
};
console.log(JSON.stringify(figures));
process.exit(0);
