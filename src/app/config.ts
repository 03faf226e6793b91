/** Configs before a run: parsing them, their parameters and cost, and the tables behind the form. */
import type { ConfigServices } from '#contract/catalogue';
import { type ExperimentConfig, errorsByField, openConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { buildModel } from '#models/index';
import { countParameters, type Model } from '#models/model';
import type { Available } from '#papers/expand';
import type { Store } from '#store/store';
import { taskOf } from '#tasks/index';
import { deviationsOf } from '#trainer/deviations';
import { knownBodies, listedModels } from '#zoo/bodies';
import { catalogueOf } from './catalogue.ts';
import { estimateOf } from './estimate.ts';

/** The network of a config. Throws `config`: for task, sizes and body, as far as these can be checked without data. */
export const modelOf = (home: string, config: ExperimentConfig): Model =>
  buildModel(config, taskOf(config).shape(config), knownBodies(home));

export function configServices(home: string, available: Available, store: Pick<Store, 'finished'>): ConfigServices {
  return {
    open(json) {
      try {
        const config = openConfig(json);
        modelOf(home, config);
        return { ok: true, config, deviations: deviationsOf(config, taskOf(config), knownBodies(home)) };
      } catch (error) {
        if (!(error instanceof PermafrostError)) throw error;
        return { ok: false, errors: errorsByField(error.message) };
      }
    },
    count: (config) => countParameters(modelOf(home, config)),
    estimate: (config) => estimateOf(config, store.finished(), knownBodies(home)),
    catalogue: () => catalogueOf(available, listedModels(home)),
  };
}
