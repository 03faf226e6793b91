/** The growing curves of a run: those of the store, extended by later journal entries. Pure. */
import type { JournalEntry, MetricKey } from '#contract/run';
import type { Curve } from '#contract/runRow';
import { type Buckets, createBuckets } from '../../chart/buckets.ts';
import type { ChartRange } from '../../chart/series.ts';

/** Number of entries kept for curves that are still loading; a load ends long before that many arrive. */
const remembered = 2000;

export interface FedCurve {
  buckets: Buckets;
  /** Number of points in the range, drawn or not. */
  total: number;
}

export interface CurveFeed {
  /** Replaces a curve by the store's, for a range of steps, and adds the entries that it lacks. */
  load(key: MetricKey, curve: Curve, range: ChartRange | null): void;
  /** Adds entries in order. True if the run started over and the curves must be loaded again. */
  add(entries: readonly JournalEntry[]): boolean;
  get(key: MetricKey): FedCurve | null;
  /** Increases with every change. */
  readonly version: number;
}

interface Growing extends FedCurve {
  /** Number of the newest entry in the curve. */
  seq: number;
  range: ChartRange | null;
}

export function createFeed(): CurveFeed {
  const curves = new Map<MetricKey, Growing>();
  let tail: JournalEntry[] = [];
  let version = 0;

  function take(key: MetricKey, curve: Growing, { seq, body }: JournalEntry): void {
    if (seq <= curve.seq) return;
    curve.seq = seq;
    if (body.kind !== 'metrics') return;
    for (const [rowKey, step, value] of body.rows) {
      if (rowKey !== key || (curve.range && (step < curve.range[0] || step > curve.range[1]))) continue;
      curve.buckets.push(step, value);
      curve.total++;
    }
  }

  return {
    load(key, { points, of, seq }, range) {
      const buckets = createBuckets();
      for (const { step, value } of points) buckets.push(step, value);
      const curve = { buckets, total: of, seq, range };
      for (const entry of tail) take(key, curve, entry);
      curves.set(key, curve);
      version++;
    },
    add(entries) {
      for (const entry of entries) for (const [key, curve] of curves) take(key, curve, entry);
      tail = [...tail, ...entries].slice(-remembered);
      version++;
      return entries.some(({ body }) => body.kind === 'started');
    },
    get: (key) => curves.get(key) ?? null,
    get version() {
      return version;
    },
  };
}
