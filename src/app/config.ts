/** Services for configs before a run: parsing, parameters, cost, and the choices of the form. */
import type { ConfigServices } from '#contract/catalogue';
import { type ExperimentConfig, errorsByField } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { buildModel } from '#models/index';
import { countParameters, type Model } from '#models/model';
import { refuseAllFrozen } from '#models/steps';
import type { Available } from '#papers/expand';
import type { Store } from '#store/store';
import { taskOf } from '#tasks/index';
import { deviationsOf } from '#trainer/deviations';
import { knownBodies } from '#zoo/bodies';
import { catalogueOf } from './catalogue.ts';
import { estimateOf } from './estimate.ts';
import { gpuPlanner } from './gpuMemory.ts';
import type { SpeedMeter } from './machineSpeed.ts';

/** The network of a config. Throws `config` if task, sizes and body do not fit; does not read data. */
const modelOf = (home: string, config: ExperimentConfig): Model =>
  buildModel(config, taskOf(config).shape(config), knownBodies(home));

/** Throws `config` for a config that cannot be trained; does not read data. */
export const checkConfig = (home: string, config: ExperimentConfig): void =>
  refuseAllFrozen(config, modelOf(home, config));

export function configServices(
  home: string,
  available: Available,
  store: Pick<Store, 'finished'>,
  meter: SpeedMeter | null,
  node?: string,
): ConfigServices {
  const planGpu = gpuPlanner(home, node);
  return {
    open(json) {
      try {
        const config = openConfig(json);
        checkConfig(home, config);
        return { ok: true, config, deviations: deviationsOf(config, taskOf(config), knownBodies(home)) };
      } catch (error) {
        if (!(error instanceof PermafrostError)) throw error;
        return { ok: false, errors: errorsByField(error.message) };
      }
    },
    count: (config) => countParameters(modelOf(home, config)),
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
