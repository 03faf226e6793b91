/** What WebGPU says about a graphics card, and whether its matrix units compute with precision `mixed`. Pure. */
import { PermafrostError } from '#contract/errors';
import type { MatrixUnit } from '#engine/wgsl/matrixProducts';

/** A product that the adapter's matrix units compute: M × K times K × N. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

export interface AdapterFacts {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly subgroupMinSize: number;
    readonly subgroupMaxSize: number;
    readonly subgroupMatrixConfigs?: readonly MatrixConfig[];
  };
  readonly features: ReadonlySet<string>;
}

/** The card and its driver, such as `Tesla T4, NVIDIA 580.82`. */
export const titleOf = ({ info: { vendor, architecture, device, description } }: AdapterFacts): string =>
  [device || [vendor, architecture].filter(Boolean).join(' '), description].filter(Boolean).join(', ') ||
  'unknown adapter';

/** Whether the adapter is a GPU emulated in software, where trying tiles would take minutes and gain nothing. */
export const isSoftware = (title: string): boolean => /swiftshader|llvmpipe|basic render/i.test(title);

/** The features of WebGPU that products of 16-bit floats need. */
export const matrixFeatures = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'];

/** Products of 16-bit floats that are added in 32 bits, the largest first. */
const unitsOf = ({ info }: AdapterFacts): MatrixUnit[] =>
  [...(info.subgroupMatrixConfigs ?? [])]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .map(({ M, N, K }) => ({ m: M, n: N, k: K, lanes: info.subgroupMinSize }))
    .sort((a, b) => b.m * b.n * b.k - a.m * a.n * a.k);

/** Our kernels have tiles for units of these sizes. */
const fits = ({ m, n, k }: MatrixUnit): boolean => [m, n, k].every((size) => size === 8 || size === 16);

/** Reasons why an adapter cannot compute with precision `mixed`; the first that applies is shown. */
const lacks: readonly { applies(adapter: AdapterFacts): boolean; why: string }[] = [
  {
    applies: (adapter) => isSoftware(titleOf(adapter)) && unitsOf(adapter).length === 0,
    why: 'this one is emulated on the processor and has none',
  },
  {
    applies: ({ features }) => matrixFeatures.some((feature) => !features.has(feature)),
    why: 'this one has none, or its driver does not offer them to WebGPU',
  },
  { applies: (adapter) => unitsOf(adapter).length === 0, why: 'those of this one add in 16 bits' },
  {
    applies: (adapter) => !fits(unitsOf(adapter)[0]) || adapter.info.subgroupMinSize !== adapter.info.subgroupMaxSize,
    why: 'those of this one have a size that Permafrost has no kernel for',
  },
];

/** The adapter's largest matrix unit for precision `mixed`. Throws `device`, with the reason, if it has none. */
export function matrixUnitOf(adapter: AdapterFacts): MatrixUnit {
  const lack = lacks.find(({ applies }) => applies(adapter));
  if (!lack) return unitsOf(adapter)[0];
  throw new PermafrostError(
    'device',
    `Precision mixed needs a graphics card with matrix units (tensor cores) that multiply 16-bit floats and add in 32 bits; ${lack.why} (${titleOf(adapter)}). Choose precision fp32.`,
  );
}
