import { expect, it } from 'vitest';
import { type ClusterSettings, clusterSettings } from '#contract/cluster';

const problemOf = (settings: Partial<ClusterSettings>): string | undefined =>
  clusterSettings.safeParse(settings).error?.issues[0].message;

it('a partition, account, memory or time with a space or a quote is refused before sbatch sees it', () => {
  for (const field of ['partition', 'account', 'gres', 'memory', 'time', 'constraint'] as const) {
    expect(problemOf({ [field]: 'a b' })).toBe('expected no spaces, quotes, backslashes or #');
    expect(problemOf({ [field]: '"a' })).toBe('expected no spaces, quotes, backslashes or #');
  }
  expect(problemOf({ partition: 'gpu,long', constraint: '[rack1|rack2]&a100*2', gres: 'gpu:a100:1' })).toBeUndefined();
});

it("times have Slurm's forms, and are longer than the grace period", () => {
  for (const time of ['', '90', '3:30', '4:00:00', '1-0', '2-12:30', '2-12:30:15', 'UNLIMITED'])
    expect(problemOf({ time })).toBeUndefined();
  for (const time of ['4h', '1d', '1:2:3:4', '-5', '1-'])
    expect(problemOf({ time })).toMatch(/^expected a time such as/);
  for (const time of ['1', '2', '1:59', '0:02:00', '0-0:02']) expect(problemOf({ time })).toMatch(/seconds of grace/);
  expect(problemOf({ time: '2', grace: 60 })).toBeUndefined();
});

it('the places on the nodes are absolute: neither the shell nor Permafrost expands ~ there', () => {
  for (const path of ['~/permafrost', 'permafrost', './permafrost']) {
    expect(problemOf({ home: path })).toBe('expected a path that begins with /');
    expect(problemOf({ program: path })).toBe('expected a path that begins with /');
  }
  expect(problemOf({ home: "/lab/Ann's $HOME" })).toBeUndefined();
});
