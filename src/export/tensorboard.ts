/**
 * TensorBoard event files: records of TFRecord framing, each an Event of TensorFlow's event.proto with one scalar.
 * TensorBoard keeps scalars as 32-bit floats, so the CSV of the metrics has more digits.
 */
import CRC32C from 'crc-32/crc32c.js';
import protobuf from 'protobufjs/light.js';
import type { MetricKey, MetricRow } from '#contract/run';

const field = (id: number, type: string) => ({ id, type });
/** Field numbers of github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto and framework/summary.proto. */
export const eventType = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: field(1, 'double'),
        step: field(2, 'int64'),
        fileVersion: field(3, 'string'),
        summary: field(5, 'Summary'),
      },
    },
    Summary: { fields: { value: { rule: 'repeated', ...field(1, 'Value') } } },
    // part of a oneof in TensorFlow, so a 0 is written too
    Value: {
      oneofs: { value: { oneof: ['simpleValue'] } },
      fields: { tag: field(1, 'string'), simpleValue: field(2, 'float') },
    },
  },
}).lookupType('Event');

/** Names that TensorBoard groups by the part before the slash. */
const tags: Record<MetricKey, string> = {
  train_loss: 'loss/train',
  test_loss: 'loss/test',
  train_metric: 'metric/train',
  test_metric: 'metric/test',
  grad_norm: 'gradient/norm',
};

/** TFRecord's checksum: CRC-32C, turned and shifted so that data which hold their own checksum stay checkable. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = CRC32C.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Length (64 bits), its checksum, the data, their checksum; all little-endian. */
function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

const eventRecord = (event: object): Uint8Array => tfRecord(eventType.encode(event).finish());
const piece = 65536; // bytes of a write

export interface EventSource {
  rows: Iterable<MetricRow>;
  /** When the run began, and how many seconds it had been under way at some of its steps, in order. */
  startedAt: number;
  clock: readonly { step: number; seconds: number }[];
}

/** The event file of a run, in pieces. */
export function* eventFile({ rows, startedAt, clock }: EventSource): Generator<Uint8Array> {
  const timeAt = wallTime(startedAt / 1000, clock);
  let parts = [eventRecord({ wallTime: startedAt / 1000, fileVersion: 'brain.Event:2' })];
  let bytes = parts[0].length;
  for (const [key, step, value] of rows) {
    const record = eventRecord({
      wallTime: timeAt(step),
      step,
      summary: { value: [{ tag: tags[key], simpleValue: value }] },
    });
    parts.push(record);
    bytes += record.length;
    if (bytes < piece) continue;
    yield Buffer.concat(parts);
    [parts, bytes] = [[], 0];
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

/** Seconds since 1970 at a step, pauses excluded: those of the last clock tick at or before it. */
function wallTime(start: number, clock: EventSource['clock']): (step: number) => number {
  return (step) => {
    let [low, high] = [0, clock.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (clock[middle].step <= step) low = middle + 1;
      else high = middle;
    }
    return start + (low === 0 ? 0 : clock[low - 1].seconds);
  };
}

/** TensorBoard looks for `tfevents` in names and reads one file per run. */
export const eventFileName = (startedAt: number): string =>
  `events.out.tfevents.${Math.floor(startedAt / 1000)}.permafrost`;
