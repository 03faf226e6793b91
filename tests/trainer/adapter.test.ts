import { expect, it } from 'vitest';
import { type AdapterFacts, matrixFeatures, matrixUnitOf } from '#trainer/adapter';

const unit = (size: number, resultComponentType = 'f32') => ({
  ...{ componentType: 'f16', resultComponentType },
  ...{ M: size, N: size, K: size },
});
const adapter = (info: Partial<AdapterFacts['info']>, features = matrixFeatures): AdapterFacts => ({
  info: {
    ...{ vendor: 'acme', architecture: '', device: 'Card', description: 'driver 1' },
    ...{ subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: [unit(8), unit(16)] },
    ...info,
  },
  features: new Set(features),
});

it('precision mixed takes the largest matrix unit that adds in 32 bits', () => {
  expect(matrixUnitOf(adapter({}))).toEqual({ m: 16, n: 16, k: 16, lanes: 32 });
  expect(matrixUnitOf(adapter({ subgroupMatrixConfigs: [unit(16, 'f16'), unit(8)] })).m).toBe(8);
});

it.each([
  ['emulated in software', adapter({ device: 'llvmpipe', subgroupMatrixConfigs: [] }), /is emulated on the processor/],
  ['without the features of WebGPU', adapter({}, ['subgroups']), /its driver does not offer them to WebGPU/],
  ['that adds in 16 bits, as Metal does', adapter({ subgroupMatrixConfigs: [unit(8, 'f16')] }), /add in 16 bits/],
  ['with units of another size', adapter({ subgroupMatrixConfigs: [unit(32)] }), /Permafrost has no kernel for/],
  ['whose subgroups vary in size', adapter({ subgroupMinSize: 8 }), /Permafrost has no kernel for/],
])('a card %s is refused with this reason, its name and what to choose', (_, card, why) => {
  expect(() => matrixUnitOf(card)).toThrow(why);
  expect(() => matrixUnitOf(card)).toThrow(
    new RegExp(`\\(${card.info.device}, driver 1\\)\\. Choose precision fp32\\.$`),
  );
});
