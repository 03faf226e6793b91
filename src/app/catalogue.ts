/** The choices of the form: tasks, bodies and presets. */
import type { BodyInfo, Catalogue, Preset, TaskInfo } from '#contract/catalogue';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { publishedScore } from '#contract/paperTable';
import { regimeOf, regimes } from '#contract/regime';
import { type ArchitectureRow, type BodyTable, buildModel } from '#models/index';
import { blocksOf } from '#models/memory';
import { type Available, missing } from '#papers/expand';
import { tables } from '#papers/published';
import { taskOf, tasks } from '#tasks/index';
import { knownBodies, listedModels, rowOf } from '#zoo/bodies';
import { tokensOf } from './runCost.ts';

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

const taskInfo = (): TaskInfo[] =>
  Object.values(tasks).map(({ name, title, fields, settings, metric, dataset, shape }) => ({
    ...{ name, title, fields, settings, metric, dataset },
    tokens: settings.map((values) => tokensOf(shape(parseConfig({ ...values, task: name })))),
  }));

type Abilities = Pick<BodyInfo, 'canBePretrained' | 'tasks'>;
const abilities = new WeakMap<ArchitectureRow, Abilities>();

/** Which tasks a body can learn, and whether it can be pretrained; cached, since it builds a network for each task. */
function abilitiesOf(name: string, row: ArchitectureRow, table: BodyTable): Abilities {
  const found = abilities.get(row);
  if (found) return found;
  const accepts = (settings: Partial<ExperimentConfig>): boolean => {
    try {
      const config = parseConfig({ ...settings, model_name: name });
      buildModel(config, taskOf(config).shape(config), table);
      return true;
    } catch (error) {
      if (error instanceof PermafrostError) return false;
      throw error;
    }
  };
  const learned = Object.values(tasks)
    .map(({ name: task, settings: [first] }) => ({ ...first, task, pretrained: false }))
    .filter(accepts);
  const made = {
    canBePretrained: learned.some((settings) => accepts({ ...settings, pretrained: true })),
    tasks: learned.map(({ task }) => task),
  };
  abilities.set(row, made);
  return made;
}

const sizesOf = ({ body, config }: ArchitectureRow) => ({
  title: body.title,
  layers: blocksOf(Object.keys(body.parameters(config))),
  width: body.width(config),
  heads: body.heads(config),
  positions: body.longest(config),
});

function bodyInfo(home: string, have: Available): BodyInfo[] {
  const table = knownBodies(home);
  return Object.entries(listedModels(home)).map(([name, row]) => {
    const { canBePretrained, tasks } = abilitiesOf(name, row, table);
    const hasWeights = have.weights(name);
    const canHave = canBePretrained && (hasWeights || rowOf(home, name) !== undefined);
    return { name, ...sizesOf(row), hasWeights, canBePretrained: canHave, tasks };
  });
}

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
      isPossible: true,
    }),
  );
  const published = tables.flatMap((table) =>
    table.cells.map((cell): Preset => {
      const { params } = cell;
      const number = publishedScore(cell);
      const micro = params.batch_size && !params.gpu_batch_size ? { gpu_batch_size: params.batch_size } : {};
      return {
        id: cell.id,
        group: table.title,
        title: cell.id.slice(table.id.length + 1),
        settings: { ...params, ...micro, name: cell.id },
        whole: true,
        source: cell.published?.source ?? 'Not published.',
        published: number && { metric: number.metric, value: number.value, source: number.source },
        missing: missing(cell, 'paper', have),
        isPossible: !cell.beyond && have.task(params.task ?? '') && have.body(params.model_name ?? 'gpt2'),
      };
    }),
  );
  return [...own, ...published];
}

export const catalogueOf = (home: string, have: Available): Catalogue => ({
  tasks: taskInfo(),
  bodies: bodyInfo(home, have),
  presets: presets(have),
});
