/** Checks bundles, and trains their runs again on this machine. */
import type { BundleReport, BundleServices, Rerun } from '#contract/bundle';
import type { ExperimentConfig } from '#contract/config';
import type { Services } from '#contract/services';
import { defaultTolerance } from '#contract/tableState';
import { type Environment, environment } from '#export/bundle';
import { describeEnvironment } from './bundleMaterials.ts';
import { configsOf, type OpenedBundle, withBundle } from './openBundle.ts';
import { standingRuns } from './standingRuns.ts';
import { verifyBundle } from './verifyBundle.ts';

type App = Pick<Services, 'home' | 'runs'>;

export function bundleServices(app: App): BundleServices {
  const tagOf = ({ digest }: Pick<BundleReport, 'digest'>): string => `rerun-${digest.slice(0, 12)}`;
  /** Earlier reruns of the bundle on this machine, by config. */
  const earlierReruns = (report: BundleReport) =>
    standingRuns(app.runs.list().filter(({ tags }) => tags.includes(tagOf(report))));

  function compared({ bundle, store, report }: OpenedBundle): Rerun[] {
    const known = earlierReruns(report);
    const there = bundle.json('environment.json', environment);
    return report.runs.flatMap((original): Rerun[] => {
      const theirs = store.runs.get(original);
      const row = known.of(theirs.config);
      if (!row) return [];
      const ours = app.runs.get(row.id);
      if (!ours.result || !theirs.result)
        return [{ original, id: ours.id, outcome: 'pending', text: `${ours.state} at step ${ours.step}` }];
      const metricsDiffer = firstDifference(store.metrics.rows(original), app.runs.metrics(ours.id));
      const isSame =
        metricsDiffer === null && ours.result.value === theirs.result.value && ours.result.loss === theirs.result.loss;
      if (isSame) return [{ original, id: ours.id, outcome: 'same', text: 'every metric is equal bit for bit' }];
      const gap = Math.abs(ours.result.value - theirs.result.value);
      const allowed =
        ours.result.metric === 'accuracy'
          ? defaultTolerance.accuracy
          : defaultTolerance.mae * Math.abs(theirs.result.value);
      const mustBeEqual = promiseSameBits(theirs.device, ours.device, there);
      const outcome = gap <= allowed && !mustBeEqual ? 'close' : 'different';
      const text = `${ours.result.metric} ${theirs.result.value} in the bundle (${theirs.device}), ${ours.result.value} here (${ours.device}); ${metricsDiffer ?? 'the metrics during training are equal'}`;
      return [{ original, id: ours.id, outcome, text }];
    });
  }

  return {
    verify: (path) => withBundle(path, (opened) => verifyBundle(opened, app.home)),
    rerun: (path) =>
      withBundle(path, async (opened) => {
        const { report } = opened;
        const known = earlierReruns(report);
        const configs = configsOf(opened);
        const isNew = (config: ExperimentConfig) => ['failed', undefined].includes(known.of(config)?.state);
        await app.runs.create(configs.filter(isNew), [tagOf(report)]);
        const left = configs.flatMap((config) => known.of(config)?.id ?? []);
        app.runs.complete(left);
        return compared(opened);
      }),
    compare: (path) => withBundle(path, compared),
  };
}

/** Whether two runs must be equal bit for bit: on the same model of CPU, with the same threads and version of ONNX Runtime. */
function promiseSameBits(theirs: string | null, ours: string | null, there: Environment): boolean {
  const here = describeEnvironment();
  const runtime = 'onnxruntime-node';
  return (
    ours?.startsWith('cpu') === true &&
    theirs === ours &&
    there.cpu === here.cpu &&
    there.packages[runtime] === here.packages[runtime]
  );
}

type Metrics = Iterable<[string, number, number]>;

/** Describes the first difference between two lists of metrics; null if they are equal. */
function firstDifference(theirs: Metrics, ours: Metrics): string | null {
  const others = ours[Symbol.iterator]();
  let count = 0;
  try {
    for (const row of theirs) {
      const { value: other, done } = others.next();
      if (done) return `the run here has only ${count} metrics`;
      if (row.some((value, k) => !Object.is(value, other[k]))) return `${row[0]} differs from step ${row[1]} on`;
      count++;
    }
    return others.next().done ? null : `the run in the bundle has only ${count} metrics`;
  } finally {
    others.return?.(); // an open query blocks the store
  }
}
