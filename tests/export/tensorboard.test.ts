import { expect, it } from 'vitest';
import { type MetricRow, metricKeys } from '#contract/run';
import { eventFile, eventType, maskedCrc } from '#export/tensorboard';

/** The records of a file, read by the definition of its framing; every checksum is verified. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

it('the checksum is the masked CRC-32C that TensorFlow writes', () => {
  const length = new Uint8Array(8);
  length[0] = 24; // the record that begins every event file of TensorFlow
  expect(maskedCrc(length).toString(16)).toBe('224b7fa3');
  const digits = new TextEncoder().encode('123456789'); // its CRC-32C is e3069283 (RFC 3720)
  expect(maskedCrc(digits)).toBe((((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0);
});

it('every metric is a scalar event at its step and time, after the version', () => {
  const rows: MetricRow[] = metricKeys.flatMap((key, k) =>
    Array.from({ length: 1000 }, (_, i): MetricRow => [key, i + 1, Math.sin(k + i)]),
  );
  const clock = [
    { step: 0, seconds: 0 },
    { step: 500, seconds: 60 },
  ];
  const pieces = [...eventFile({ rows, startedAt: 1_764_115_200_000, clock })];
  expect(pieces.length).toBeGreaterThan(2); // streamed
  const [first, ...events] = recordsOf(Buffer.concat(pieces)).map((data) =>
    eventType.toObject(eventType.decode(data), { longs: Number }),
  );
  expect(first).toEqual({ wallTime: 1_764_115_200, fileVersion: 'brain.Event:2' });
  expect(events).toHaveLength(rows.length);
  expect(events[0]).toEqual({
    wallTime: 1_764_115_200,
    step: 1,
    summary: { value: [{ tag: 'loss/train', simpleValue: 0 }] },
  });
  rows.forEach(([, step, value], i) => {
    const { simpleValue } = events[i].summary.value[0];
    if (events[i].step !== step || simpleValue !== Math.fround(value)) expect.fail(`row ${i}`);
    if (events[i].wallTime !== 1_764_115_200 + (step < 500 ? 0 : 60)) expect.fail(`time of row ${i}`);
  });
  expect(new Set(events.map(({ summary }) => summary.value[0].tag)).size).toBe(metricKeys.length);
});
