import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clusterServices } from '#app/cluster';
import { clusterSettings } from '#contract/cluster';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(home, { recursive: true }));

it('settings that no submission can use are refused when they are saved', () => {
  const cluster = clusterServices({ home, program: '/lab/permafrost', environment: {} });
  expect(() => cluster.save(clusterSettings.parse({ sbatch: '--job-name=mine' }))).toThrow('has --job-name');
  expect(existsSync(join(home, 'cluster.json'))).toBe(false);
  const settings = clusterSettings.parse({ sbatch: '--qos=low' });
  cluster.save(settings);
  expect(cluster.settings()).toEqual(settings);
});
