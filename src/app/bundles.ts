/** Checks bundles and trains their runs again here. */
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
  /** The runs trained here for the bundle earlier, by config. */
  const before = (report: BundleReport) =>
    standingRuns(app.runs.list().filter(({ tags }) => tags.includes(tagOf(report))));

  function compared({ bundle, store, report }: OpenedBundle): Rerun[] {
    const known = before(report);
    const there = bundle.json('environment.json', environment);
    return report.runs.flatMap((original): Rerun[] => {
      const theirs = store.runs.get(original);
      const row = known.of(theirs.config);
      if (!row) return [];
      const ours = app.runs.get(row.id);
      if (!ours.result || !theirs.result)
        return [{ original, id: ours.id, outcome: 'pending', text: `${ours.state} at step ${ours.step}` }];
      const rows = firstDifference(store.metrics.rows(original), app.runs.metrics(ours.id));
      const isSame =
        rows === null && ours.result.value === theirs.result.value && ours.result.loss === theirs.result.loss;
      if (isSame) return [{ original, id: ours.id, outcome: 'same', text: 'every metric is the same, bit for bit' }];
      const gap = Math.abs(ours.result.value - theirs.result.value);
      const allowed =
        ours.result.metric === 'accuracy'
          ? defaultTolerance.accuracy
          : defaultTolerance.mae * Math.abs(theirs.result.value);
      const isSameMachine = comparable(theirs.device, ours.device, there);
      const outcome = gap <= allowed && !isSameMachine ? 'close' : 'different';
      const text = `${ours.result.metric} ${theirs.result.value} there on ${theirs.device}, ${ours.result.value} here on ${ours.device}; ${rows ?? 'the metrics of training are the same'}`;
      return [{ original, id: ours.id, outcome, text }];
    });
  }

  return {
    verify: (path) => withBundle(path, (opened) => verifyBundle(opened, app.home)),
    rerun: (path) =>
      withBundle(path, (opened) => {
        const { report } = opened;
        const known = before(report);
        const configs = configsOf(opened);
        const isNew = (config: ExperimentConfig) => ['failed', undefined].includes(known.of(config)?.state);
        app.runs.create(configs.filter(isNew), [tagOf(report)]);
        const left = configs.flatMap((config) => known.of(config)?.id ?? []);
        app.runs.complete(left);
        return compared(opened);
      }),
    compare: (path) => withBundle(path, compared),
  };
}

/** Whether two machines promise the same bits: only the same CPU does, with the same threads and ONNX Runtime. */
function comparable(theirs: string | null, ours: string | null, there: Environment): boolean {
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

/** Describes where two lists of metrics first differ; null where they are equal. */
function firstDifference(theirs: Metrics, ours: Metrics): string | null {
  const others = ours[Symbol.iterator]();
  let count = 0;
  try {
    for (const row of theirs) {
      const { value: other, done } = others.next();
      if (done) return `there are only ${count} metrics here`;
      if (row.some((value, k) => !Object.is(value, other[k]))) return `${row[0]} differs from step ${row[1]} on`;
      count++;
    }
    return others.next().done ? null : `there are only ${count} metrics there`;
  } finally {
    others.return?.(); // an open query blocks the store
  }
}
