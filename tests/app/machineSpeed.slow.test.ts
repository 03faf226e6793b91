import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSpeedMeter } from '#app/machineSpeed';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-speed-'));
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));
const meterOf = (more = {}) => openSpeedMeter({ home, measures: true, isIdle: () => true, ...more });

test('the machine is measured once, in the background, and the home keeps it', async () => {
  const meter = meterOf();
  expect(meter.speed()).toBeNull();
  expect(meter.measure()).toBe(true);
  expect(meter.measure()).toBe(true); // the same measurement
  await vi.waitFor(() => expect(meter.speed()).not.toBeNull(), { timeout: 200_000, interval: 200 });
  expect(meter.measure()).toBe(false);
  expect(meterOf({ measures: false }).speed()).toEqual(meter.speed());
  const path = join(home, 'cache', 'speed.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"machine": ".*"/, '"machine": "another"'));
  expect(meterOf().speed()).toBeNull();
}, 240_000);

test('the speed is not measured while runs train, nor by an app that must not measure', () => {
  expect(meterOf({ isIdle: () => false }).measure()).toBe(false);
  expect(meterOf({ measures: false }).measure()).toBe(false);
});
