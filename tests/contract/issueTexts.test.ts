import { expect, it } from 'vitest';
import { clusterSettings } from '#contract/cluster';
import { parseConfig } from '#contract/config';

it('a limit of a schema is told with the limit and the value, not in the terms of zod', () => {
  const ofCluster = (settings: object) => clusterSettings.safeParse(settings).error?.issues[0].message;
  expect(ofCluster({ cpus: 0 })).toBe('expected 1 or more; found 0');
  expect(ofCluster({ grace: 5000 })).toBe('expected 3600 or less; found 5000');
  expect(ofCluster({ cpus: '4.5' })).toBe('expected a number; found "4.5"');
  expect(ofCluster({ cpus: 4.5 })).toBe('expected a whole number; found 4.5');
  expect(ofCluster({ account: 'x'.repeat(1001) })).toBe('expected at most 1000 characters; found 1001');
  expect(() => parseConfig({ task: 'bit-xor', n: -1 })).toThrow(/^n: expected 1 or more; found -1 \(/);
  expect(() => parseConfig({ task: 'bit-xor', learning_rate: 0 })).toThrow(
    /^learning_rate: expected more than 0; found 0 /,
  );
});
