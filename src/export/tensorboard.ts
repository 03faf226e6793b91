/**
 * Writes TensorBoard event files: TFRecords that each hold an Event of TensorFlow's event.proto with one scalar. TensorBoard stores
 * scalars as 32-bit floats, so metrics.csv has more digits.
 */
import CRC32C from 'crc-32/crc32c.js';
import protobuf from 'protobufjs/light.js';
import type { MetricKey, MetricRow } from '#contract/run';

const field = (id: number, type: string) => ({ id, type });
/** Field numbers from github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto and framework/summary.proto. */
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
    // a oneof, as in TensorFlow, so that 0 is written too
    Value: {
      oneofs: { value: { oneof: ['simpleValue'] } },
      fields: { tag: field(1, 'string'), simpleValue: field(2, 'float') },
    },
  },
}).lookupType('Event');

/** Names in TensorBoard, which groups them by the part before the slash. */
const tags: Record<MetricKey, string> = {
  train_loss: 'loss/train',
  test_loss: 'loss/test',
  train_metric: 'metric/train',
  test_metric: 'metric/test',
  grad_norm: 'gradient/norm',
};

/** TFRecord's checksum: CRC-32C, rotated and shifted, since the CRC of data that contain their own CRC is unreliable. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = CRC32C.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A TFRecord: length (64 bits), its checksum, data, their checksum; all little-endian. */
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
const pieceBytes = 65536;

export interface EventSource {
  rows: Iterable<MetricRow>;
  /** When the run started, and its running time in seconds at some of its steps, in order. */
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
    if (bytes < pieceBytes) continue;
    yield Buffer.concat(parts);
    [parts, bytes] = [[], 0];
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

/** Returns the time at a step in seconds since 1970, without pauses, from the last clock entry at or before it. */
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

/** TensorBoard looks for `tfevents` in file names and reads one file per run. */
export const eventFileName = (startedAt: number): string =>
  `events.out.tfevents.${Math.floor(startedAt / 1000)}.permafrost`;
