/** Turns the curves of a run into the series of a chart. Pure. */
import type { Preset } from '#contract/catalogue';
import { type ConfigField, configDefaults, type ExperimentConfig } from '#contract/config';
import { neutralFields } from '#contract/decisiveFields';
import { isSameSetting } from '#contract/isSameSetting';
import type { MetricKey } from '#contract/run';
import type { ChartPoint } from '#pictures/chartPoint';
import type { Reference, Series } from '../../chart/series.ts';
import { smoothed } from '../../chart/smooth.ts';
import type { StepAxis } from './axis.ts';
import type { FedCurve } from './feed.ts';

export interface Line {
  key: MetricKey;
  label: string;
  color: string;
}

/** A line of a chart: the smoothed curve with the measured one behind it, or at weight 0 the measured one alone. */
export function seriesOf(
  { key, label, color }: Line,
  { buckets, total }: FedCurve,
  axis: StepAxis,
  weight: number,
): Series {
  const placed = (points: readonly ChartPoint[]) => points.map(({ x, y }) => ({ x: axis.of(x), y }));
  const measured = placed(buckets.drawn());
  const base = { id: key, label, color, total };
  if (weight === 0 || measured.length < 2) return { ...base, points: measured };
  return { ...base, points: placed(smoothed(buckets.stretches(), weight)), raw: measured };
}

/** Fields in which a run may differ from a published one and still count as a repetition of it. */
const free = new Set<ConfigField>([...neutralFields, 'seed', 'gpu_batch_size', 'final_test_samples', 'variant']);
/** Fields that scale a body down. */
const sizes = ['n_layer', 'n_embd', 'n_head', 'n_positions'] as const;
/** Fields that define the experiment; the others define its budget. */
const question = ['task', 'n', 'num_patterns', 'model_name', 'pretrained', 'freeze_trans'] as const;

/** The published number to draw beside a run's metric: of the same run, else of the same experiment. */
export function publishedFor(config: ExperimentConfig, presets: readonly Preset[]): Reference | null {
  const whole = presets.filter((preset) => preset.whole && preset.published);
  const value = (preset: Preset, field: keyof ExperimentConfig) =>
    preset.settings[field] ?? { ...configDefaults, task: '' }[field];
  const agrees = (preset: Preset, fields: readonly (keyof ExperimentConfig)[]) =>
    fields.every((field) => isSameSetting(value(preset, field), config[field]));
  const every = (Object.keys(config) as (keyof ExperimentConfig)[]).filter((field) => !free.has(field));
  const same = whole.find((preset) => agrees(preset, every));
  const preset = same ?? whole.find((one) => agrees(one, question));
  if (!preset?.published) return null;
  const scaled = sizes.some((field) => config[field] !== null);
  const what = same ? 'published' : scaled ? `published, full-size ${config.model_name}` : 'published, other settings';
  const { value: number } = preset.published;
  return { label: `${what}: ${number}`, value: number };
}
