/** Describes the samples of a batch for display: the model's input, the labels, and the meaning of symbols. */
import type { ExperimentConfig } from '#contract/config';
import type { DataSamples } from '#contract/data';
import { taskOf } from '#tasks/index';
import type { Batch } from '#tasks/task';
import type { LoadedDataset } from './dataset.ts';
import { datasetOf } from './datasets.ts';
import { spectrogramOf } from './spectrogram.ts';

/** Describes a batch of `count` samples of a split. */
export function describeSamples(
  config: ExperimentConfig,
  loaded: LoadedDataset | null,
  { x, y, chosen }: Batch,
  { split, count }: { split: 'train' | 'test'; count: number },
): DataSamples {
  const task = taskOf(config);
  const { width, target } = task.shape(config);
  const perSample = x.length / count;
  const labels = target.reduce((a, b) => a * b, 1);
  const symbols = loaded ? datasetOf(task.dataset!).symbols?.(loaded.source) : undefined;
  return {
    kind: task.kind,
    tokens: perSample / width,
    width,
    symbols: symbols ? [...symbols] : null,
    samples: Array.from({ length: count }, (_, i) => {
      const own = x.subarray(i * perSample, (i + 1) * perSample);
      const values = Array.from(y.subarray(i * labels, (i + 1) * labels));
      return {
        x: Array.from(own),
        spectrogram: task.kind === 'sound' ? spectrogramOf(own) : null,
        y: values,
        label: answerName(task.classes, values),
        text: (chosen && loaded?.dataset[split].text?.(chosen[i])) ?? null,
      };
    }),
  };
}

/** The name of an answer, or the number itself; empty if the answer has several numbers. */
export const answerName = (classes: readonly string[] | undefined, values: readonly number[]): string =>
  values.length === 1 ? (classes?.[values[0]] ?? String(values[0])) : '';
