/** The curves of a run while they grow: what the store gave, and the journal entries that came after it. Pure. */
import type { JournalEntry, MetricKey } from '#contract/run';
import type { Curve } from '#contract/runRow';
import { type Buckets, createBuckets } from '../../chart/buckets.ts';
import type { ChartRange } from '../../chart/series.ts';

/** Entries that are kept for a curve that is still on its way from the store; it takes far less time than they do. */
const remembered = 2000;

export interface FedCurve {
  buckets: Buckets;
  /** Points that the run has in the range, drawn or not. */
  total: number;
}

export interface CurveFeed {
  /** Puts the store's curve of a range of steps in place of what was there, and adds the entries that it misses. */
  load(key: MetricKey, curve: Curve, range: ChartRange | null): void;
  /** Adds entries in order. True when the run began again and the curves must be loaded anew. */
  add(entries: readonly JournalEntry[]): boolean;
  get(key: MetricKey): FedCurve | null;
  /** Grows with every change. */
  readonly version: number;
}

interface Growing extends FedCurve {
  /** The newest entry that is in it. */
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
