/** The choices of the form: tasks, bodies, presets. */
import type { BodyInfo, Catalogue, Preset, TaskInfo } from '#contract/catalogue';
import { regimeOf, regimes } from '#contract/regime';
import type { ArchitectureRow } from '#models/index';
import { blocksOf } from '#models/memory';
import { type Available, missing } from '#papers/expand';
import { tables } from '#papers/published';
import { tasks } from '#tasks/index';

const regimePresets: Record<string, Preset['settings']> = {
  FPT: { pretrained: true, freeze_trans: true, freeze_ln: false, freeze_attn: true, freeze_ff: true },
  FRT: { pretrained: false, freeze_trans: true, freeze_ln: false, freeze_attn: true, freeze_ff: true },
  URT: { pretrained: false, freeze_trans: false },
  'V-FPT': {
    pretrained: true,
    freeze_trans: true,
    freeze_ln: false,
    freeze_attn: true,
    freeze_ff: true,
    model_name: 'ViT-B_16',
  },
};

type ModelList = Readonly<Record<string, ArchitectureRow>>;

const taskInfo = (): TaskInfo[] =>
  Object.values(tasks).map(({ name, title, fields, settings, metric, dataset }) => ({
    ...{ name, title, fields, settings, metric, dataset },
  }));

const bodyInfo = (have: Available, models: ModelList): BodyInfo[] =>
  Object.entries(models).map(([name, { body, config }]) => ({
    name,
    title: body.title,
    layers: blocksOf(Object.keys(body.parameters(config))),
    width: body.width(config),
    heads: body.heads(config),
    positions: body.longest(config),
    hasWeights: have.weights(name),
  }));

function presets(have: Available): Preset[] {
  const own = Object.entries(regimePresets).map(
    ([id, settings]): Preset => ({
      id,
      group: 'Regimes',
      title: id,
      settings,
      whole: false,
      source: regimes[regimeOf(settings as Parameters<typeof regimeOf>[0])],
      published: null,
      missing: null,
    }),
  );
  const published = tables.flatMap((table) =>
    table.cells.map((cell): Preset => {
      const { params, published: number } = cell;
      const micro = params.batch_size && !params.gpu_batch_size ? { gpu_batch_size: params.batch_size } : {};
      return {
        id: cell.id,
        group: table.title,
        title: cell.id.slice(table.id.length + 1),
        settings: { ...params, ...micro, name: cell.id },
        whole: true,
        source: number?.source ?? 'Not published.',
        published: number && { metric: number.metric, value: number.value, source: number.source },
        missing: missing(cell, 'paper', have),
      };
    }),
  );
  return [...own, ...published];
}

export const catalogueOf = (have: Available, models: ModelList): Catalogue => ({
  tasks: taskInfo(),
  bodies: bodyInfo(have, models),
  presets: presets(have),
});
