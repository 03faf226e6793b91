/** Services for configs before a run: parsing, parameters, cost, and the choices of the form. */
import type { ConfigServices } from '#contract/catalogue';
import { type ExperimentConfig, errorsByField, parseConfig } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { type BodyTable, buildModel } from '#models/index';
import { countParameters, type Model } from '#models/model';
import { refuseAllFrozen } from '#models/steps';
import type { Available } from '#papers/expand';
import type { Store } from '#store/store';
import { taskOf } from '#tasks/index';
import { deviationsOf } from '#trainer/deviations';
import { knownBodies, rowOf } from '#zoo/bodies';
import { catalogueOf } from './catalogue.ts';
import { estimateOf } from './estimate.ts';
import { gpuPlanner } from './gpuMemory.ts';
import type { SpeedMeter } from './machineSpeed.ts';

/** The network of a config. Throws `config` if task, sizes and body do not fit; does not read data. */
const modelOf = (config: ExperimentConfig, table: BodyTable): Model =>
  buildModel(config, taskOf(config).shape(config), table);

/** Throws `config` for a config that cannot be trained; does not read data. */
export const checkConfig = (home: string, config: ExperimentConfig, table = knownBodies(home)): void =>
  refuseAllFrozen(config, modelOf(config, table));

/** The message of an error that a config causes; throws any other error. */
function messageOf(error: unknown): string {
  if (error instanceof PermafrostError) return error.message;
  throw error;
}

export function configServices(
  home: string,
  available: Available,
  store: Pick<Store, 'finished'>,
  meter: SpeedMeter | null,
  node?: string,
): ConfigServices {
  const planGpu = gpuPlanner(home, node);
  /** Throws `config` for a config that cannot be trained even after every download. */
  function refuse(config: ExperimentConfig, table: BodyTable): void {
    checkConfig(home, config, table);
    const { pretrained, model_name: name } = config;
    if (pretrained && rowOf(home, name) === undefined && !available.weights(name))
      throw new PermafrostError(
        'config',
        `pretrained: there are no weights of ${name} to fetch. Set pretrained to false, or choose another body.`,
      );
  }
  return {
    open(json) {
      try {
        const config = openConfig(json);
        const table = knownBodies(home);
        refuse(config, table);
        return { ok: true, config, deviations: deviationsOf(config, taskOf(config), table) };
      } catch (error) {
        return { ok: false, errors: errorsByField(messageOf(error)) };
      }
    },
    problems(settings, changes) {
      const table = knownBodies(home);
      const problems = Object.entries(changes).flatMap(([key, change]) => {
        try {
          refuse(parseConfig({ ...settings, ...change }), table);
          return [];
        } catch (error) {
          return [[key, messageOf(error)]];
        }
      });
      return Object.fromEntries(problems);
    },
    count: (config) => countParameters(modelOf(config, knownBodies(home))),
    estimate: (config) =>
      estimateOf(config, {
        finished: store.finished(),
        table: knownBodies(home),
        isMeasuring: meter?.measure() ?? false,
        speed: meter?.speed(),
      }),
    async gpuMemory(config) {
      checkConfig(home, config);
      return planGpu(config);
    },
    catalogue: () => catalogueOf(home, available),
  };
}
